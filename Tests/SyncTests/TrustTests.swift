import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@testable import Sync

@Suite("Trust of encrypted connections")
struct TrustTests {
    private static let loopback = RespondingServer.path(ofCertificate: "loopback")
    private static let other = RespondingServer.path(ofCertificate: "other")

    @Test("A server whose certificate is in SSL_CERT_FILE gets the file")
    func trusted() async throws {
        let harness = try await SendingHarness()
        let server = try await RespondingServer(certificate: "loopback", .answer(201))
        let url = "https://127.0.0.1:\(server.port)/store"
        #expect(try await harness.send(url, certificate: Self.loopback).rows == 10)
        #expect(try harness.sent() == [1...10] && server.methods == ["PUT"])
    }

    /// The server's certificate, the one that is trusted, and what the user is told.
    private static let untrusted: [(String?, String, String)] = [
        (
            "loopback", other,
            "its certificate is not trusted; set SSL_CERT_FILE to a PEM file with its issuer's certificate"
        ),
        ("other", other, "its certificate is for another host name; correct the host name"),
        (nil, loopback, "it does not use TLS on this port; check the port and the scheme"),
    ]

    @Test("A server whose identity is not established gets no byte of a request", arguments: untrusted)
    func refused(certificate: String?, trusted: String, reason: String) async throws {
        let harness = try await SendingHarness()
        let server = try await RespondingServer(certificate: certificate, .answer(201))
        let url = "https://127.0.0.1:\(server.port)/store"
        let error = try await harness.failure(url, certificate: trusted)
        #expect(error == .untrusted(url, reason: reason))
        #expect(error.exitCode == .settings && server.requests.isEmpty && harness.waits.all.isEmpty)
        #expect(try harness.sent().isEmpty)
    }

    private func load(_ file: String, _ url: String = "https://there.example") throws -> WebOptions {
        let address = try #require(try Destination(url).address)
        return try WebOptions.load(for: address, deadline: .standard) { $0 == "SSL_CERT_FILE" ? file : nil }
    }

    @Test("SSL_CERT_FILE counts for encrypted connections alone, and not when it is empty")
    func certificates() throws {
        #expect(try load(Self.loopback).certificates?.count == 1)
        #expect(try load("").certificates == nil)
        #expect(try load("/none", "http://there.example").certificates == nil)
    }

    @Test("A file of certificates that cannot be used is an error that names it")
    func badCertificates() throws {
        let folder = try TemporaryFolder()
        let text = folder.path + "/text"
        try Data("no certificate".utf8).write(to: URL(filePath: text))
        let long = folder.path + "/long"
        try Data(count: Limits.certificateFileBytes + 1).write(to: URL(filePath: long))
        let noCertificates = "it holds no certificates; name a PEM file, or unset the variable"
        #expect(throws: SyncError.badCertificates(text, reason: noCertificates)) { try load(text) }
        #expect(throws: SyncError.badCertificates(long, reason: noCertificates)) { try load(long) }
        for path in [folder.path, folder.path + "/none"] {
            let error = #expect(throws: SyncError.self) { try load(path) }
            guard case .badCertificates(path, let reason) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(reason.hasSuffix("; name a readable PEM file, or unset the variable"))
        }
    }
}
