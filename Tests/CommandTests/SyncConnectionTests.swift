import Foundation
import Synchronization
import TestSupport
import Testing

/// How `nexus sync` connects: certificates, and proxies of the environment.
@Suite(.timeLimit(.minutes(5)))
struct SyncConnectionTests {
    private let program: Program

    init() throws {
        program = try Program()
        let lines = (0..<10).map { #"{"command":"make","duration_ms":\#($0)}"# }
        #expect(try program.run("record", "--stdin", input: lines.joined(separator: "\n")).status == 0)
    }

    // MARK: Certificates

    @Test("An untrusted certificate gives one attempt and one sentence, and SSL_CERT_FILE makes it trusted")
    func untrusted() throws {
        var program = self.program
        let server = try TLSServer(certificate: "loopback")
        let outcome = try program.run("sync", "--to", "https://127.0.0.1:\(server.port)/store")
        #expect(outcome.status == 78)
        #expect(
            outcome.errors == """
                nexus: nothing was sent to https://127.0.0.1:\(server.port)/store: its certificate is not trusted; set \
                SSL_CERT_FILE to a PEM file with its issuer's certificate

                """)
        #expect(server.connections == 1)
        program.environment["SSL_CERT_FILE"] = server.certificate
        let sent = try program.run("sync", "--to", "https://127.0.0.1:\(server.port)/store")
        #expect(sent.status == 0 && sent.output.contains("Sent 10 events"), "\(sent.errors)")
    }

    @Test("A certificate for another host name, and a server without TLS, are reported as such")
    func otherHost() throws {
        var program = self.program
        let server = try TLSServer(certificate: "other")
        program.environment["SSL_CERT_FILE"] = server.certificate
        let outcome = try program.run("sync", "--to", "https://127.0.0.1:\(server.port)/store")
        #expect(outcome.status == 78 && outcome.errors.contains("for another host name"), "\(outcome.errors)")
        let plain = try LoopbackListener()
        let descriptor = dup(plain.descriptor)
        Thread {
            let connection = accept(descriptor, nil, nil)
            var hello: UInt8 = 0
            _ = unsafe recv(connection, &hello, 1, 0)
            let answer = Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)
            _ = unsafe send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
            shutdown(connection, Int32(SHUT_WR))
            var rest = [UInt8](repeating: 0, count: 4096)
            while unsafe recv(connection, &rest, rest.count, 0) > 0 {}
            for descriptor in [connection, descriptor] { close(descriptor) }
        }.start()
        let wrong = try program.run("sync", "--to", "https://127.0.0.1:\(plain.port)/store")
        #expect(wrong.status == 78 && wrong.errors.contains("does not use TLS"), "\(wrong.errors)")
        #expect(wrong.errors.split(separator: "\n").count == 1)
    }

    @Test("An SSL_CERT_FILE that cannot be used is an error before a connection", arguments: ["", "no PEM\n"])
    func unusableFile(content: String) throws {
        var program = self.program
        let path = program.folder.path + "/trusted.pem"
        if !content.isEmpty { try content.write(toFile: path, atomically: false, encoding: .utf8) }
        program.environment["SSL_CERT_FILE"] = path
        let outcome = try program.run("sync", "--to", "https://127.0.0.1:\(try TestServers.freePort())/store")
        #expect(outcome.status == 78 && outcome.errors.contains("cannot use SSL_CERT_FILE"), "\(outcome.errors)")
    }

    // MARK: Proxies

    @Test("A request uses the proxy of the environment, with its user name, unless the host is exempt")
    func proxy() throws {
        var program = self.program
        let server = try ScriptedServer([])
        let proxy = try LoopbackProxy(to: server.port)
        program.environment["HTTP_PROXY"] = "http://me:between%20us@127.0.0.1:\(proxy.port)"
        let outcome = try program.run("sync", "--to", "http://files.example:8080/store")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(server.requests.count == 1)
        #expect(proxy.requests.first?.hasPrefix("CONNECT files.example:8080 HTTP/1.1\r\n") == true)
        let token = Data("me:between us".utf8).base64EncodedString()
        #expect(proxy.requests.first?.lowercased().contains("proxy-authorization: basic \(token.lowercased())") == true)
        #expect(server.requests.first?.lowercased().contains("proxy-authorization") == false)
        #expect(try program.run("sync", "--to", "http://127.0.0.1:\(server.port)/local").status == 0)
        #expect(proxy.requests.count == 1, "a server on this machine uses no proxy")
    }

    @Test("A proxy that requires a password, or is not there, is named in the message without its password")
    func proxyFaults() throws {
        var program = self.program
        let proxy = try ScriptedServer([], otherwise: .answer(407, headers: ["Proxy-Authenticate: Basic realm=x"]))
        program.environment["http_proxy"] = "http://me:secret@127.0.0.1:\(proxy.port)"
        let refused = try program.run("sync", "--to", "http://files.example/store")
        #expect(refused.status == 77, "\(refused.errors)")
        #expect(
            refused.errors.contains("the proxy http://127.0.0.1:\(proxy.port)") && !refused.errors.contains("secret"))
        #expect(proxy.requests.count == 1)
        let port = try TestServers.freePort()
        program.environment["http_proxy"] = "127.0.0.1:\(port)"
        let missing = try program.run("sync", "--to", "http://files.example/store")
        #expect(missing.status == 69)
        #expect(
            missing.errors.contains("connection refused (through the proxy http://127.0.0.1:\(port))"),
            "\(missing.errors)")
    }
}

/// A proxy that connects every CONNECT request to one port on loopback.
private final class LoopbackProxy: Sendable {
    let port: Int
    private let seen = Mutex<[String]>([])

    /// The request of each connection so far.
    var requests: [String] { seen.withLock { $0 } }

    init(to server: Int) throws {
        let listener = try LoopbackListener()
        port = listener.port
        let descriptor = dup(listener.descriptor)
        Thread { [weak self] in
            while true {
                let client = accept(descriptor, nil, nil)
                guard client >= 0, let self else { break }
                var bytes: [UInt8] = []
                while bytes.firstRange(of: Array("\r\n\r\n".utf8)) == nil {
                    var byte: UInt8 = 0
                    guard unsafe recv(client, &byte, 1, 0) == 1 else { break }
                    bytes.append(byte)
                }
                seen.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
                let answer = Array("HTTP/1.1 200 Connected\r\n\r\n".utf8)
                _ = unsafe send(client, answer, answer.count, Int32(MSG_NOSIGNAL))
                Thread { FaultyRelay.relay(client, server, nil) }.start()
            }
            close(descriptor)
        }.start()
    }
}
