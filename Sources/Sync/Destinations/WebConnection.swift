import AsyncHTTPClient
import Core
import Crypto
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
import Snapshots
import SystemSupport

/// Sends requests to one server and classifies their results. Certificates are checked. Redirections are not followed,
/// because the user decides where rows and passwords are sent. Every request has a deadline.
struct WebConnection: Sendable {
    /// The response of a server.
    struct Answer: Sendable {
        let status: Int
        /// The beginning of the response's body.
        let text: String

        /// The status and the first line of the text, for a message.
        var summary: String {
            let line = text.split(whereSeparator: \.isNewline).first?.prefix(100)
            return "HTTP \(status)" + (line.map { ": \($0)" } ?? " with an empty body")
        }
    }

    /// The content that `checksum` finds at a path.
    enum Content: Equatable, Sendable {
        case nothing
        /// SHA-256 in hexadecimal digits.
        case file(String)
        /// The content has more bytes than the limit.
        case longer
    }

    private let client: HTTPClient
    private let address: Destination.WebAddress
    private let headers: HTTPHeaders
    private let options: WebOptions
    /// The server's name in messages.
    let place: String
    /// Whether requests name files in a folder. If false, requests are statements for ClickHouse.
    private let isFolder: Bool

    init(
        _ client: HTTPClient, _ destination: Destination, _ address: Destination.WebAddress, headers: HTTPHeaders,
        options: WebOptions
    ) {
        self.client = client
        self.address = address
        self.headers = headers
        self.options = options
        place = destination.identity
        if case .server = destination { isFolder = true } else { isFolder = false }
    }

    /// Returns the header of HTTP basic authentication. If `credentials` is nil, returns no header.
    static func authorization(_ credentials: Credentials?) -> HTTPHeaders {
        guard let credentials else { return [:] }
        let token = Data("\(credentials.user):\(credentials.password)".utf8).base64EncodedString()
        return ["Authorization": "Basic \(token)"]
    }

    /// Returns the configuration of connections. The client does not repeat failed connections, because `RetryPolicy`
    /// decides about further attempts.
    static func configuration(_ options: WebOptions) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.proxy = options.proxy?.configuration
        if let certificates = options.certificates {
            configuration.tlsConfiguration = .makeClientConfiguration()
            configuration.tlsConfiguration?.trustRoots = .certificates(certificates)
        }
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(
            connect: .seconds(Limits.syncConnectSeconds), read: .seconds(Limits.syncIdleSeconds),
            write: .seconds(Limits.syncIdleSeconds))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        return configuration
    }

    /// Sends a request for the percent-encoded `path`. Returns a response that reports success or has a status in
    /// `expected`. Throws a `RetryPolicy.Failure` for any other response.
    func send(
        _ method: HTTPMethod, _ path: String, headers extra: HTTPHeaders = [:],
        body: HTTPClientRequest.Body? = nil, bytes: Int = 0, expected: Set<Int> = []
    ) async throws -> Answer {
        try await exchange(method, path, headers: extra, body: body, bytes: bytes) { response in
            let answer = Answer(status: Int(response.status.code), text: try await Self.beginning(of: response.body))
            if expected.contains(answer.status) { return answer }
            if let failure = failure(answer, response.headers, path: path) { throw failure }
            return answer
        }
    }

    /// Returns the SHA-256 of the content at `path`. Returns `longer` if the content has more than `limit` bytes, and
    /// `nothing` if the server has no content there.
    func checksum(of path: String, limit: Int) async throws -> Content {
        try await exchange(.GET, path, bytes: limit) { response in
            if [404, 410].contains(response.status.code) { return .nothing }
            guard response.status == .ok else {
                let answer = Answer(
                    status: Int(response.status.code), text: try await Self.beginning(of: response.body))
                throw failure(answer, response.headers, path: path)
                    ?? .lasting(.refused(place, reason: "HTTP \(answer.status)"))
            }
            var hash = SHA256()
            var bytes = 0
            for try await part in response.body {
                bytes += part.readableBytes
                guard bytes <= limit else { return .longer }
                hash.update(data: Array(part.readableBytesView))
            }
            return .file(hash.finalize().hexadecimal)
        }
    }

    /// Passes the text at `path` to `take`, in chunks of whole lines with their line feeds.
    /// - Parameter limit: the maximum length of the text, in bytes.
    func lines(
        of path: String, limit: Int, _ take: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        try await exchange(.GET, path, bytes: 0) { response in
            guard response.status == .ok else {
                let answer = Answer(
                    status: Int(response.status.code), text: try await Self.beginning(of: response.body))
                throw failure(answer, response.headers, path: path)
                    ?? .lasting(.refused(place, reason: "HTTP \(answer.status)"))
            }
            var bytes = 0
            var pending: [UInt8] = []
            for try await part in response.body {
                bytes += part.readableBytes
                pending.append(contentsOf: part.readableBytesView)
                if let end = pending.lastIndex(of: UInt8(ascii: "\n")) {
                    do { try await take(Array(pending[...end])) } catch { throw ReaderFailure(cause: error) }
                    pending.removeFirst(end + 1)
                }
                guard bytes <= limit, pending.count <= Limits.reportLineBytes else {
                    throw RetryPolicy.Failure.lasting(.refused(place, reason: "its answer is too long"))
                }
            }
            guard pending.isEmpty else {
                throw RetryPolicy.Failure.passing(.unreachable(place, reason: "the connection was cut"))
            }
        }
    }

    /// Sends a request and passes the response to `read`. Failures are thrown as a `RetryPolicy.Failure`, except a
    /// cancellation and the cause of a `ReaderFailure`.
    private func exchange<Value: Sendable>(
        _ method: HTTPMethod, _ path: String, headers extra: HTTPHeaders = [:],
        body: HTTPClientRequest.Body? = nil, bytes: Int,
        _ read: @escaping @Sendable (HTTPClientResponse) async throws -> Value
    ) async throws -> Value {
        var request = HTTPClientRequest(url: address.url(path))
        request.method = method
        request.headers = headers
        request.headers.add(contentsOf: extra)
        request.headers.replaceOrAdd(name: "User-Agent", value: "nexus/\(Version.current)")
        request.body = body
        do {
            return try await options.deadline.run(bytes: bytes) { [client, request] in
                try await read(try await client.execute(request, deadline: .distantFuture))
            }
        } catch let failure as RetryPolicy.Failure {
            throw failure
        } catch let failure as ReaderFailure {
            throw failure.cause
        } catch {
            try Task.checkCancellation()
            throw ConnectionFault.failure(error, place: place, proxy: options.proxy?.place)
        }
    }

    private static func beginning(of body: HTTPClientResponse.Body) async throws -> String {
        var bytes: [UInt8] = []
        for try await part in body {
            bytes += part.readableBytesView.prefix(Limits.syncAnswerBytes - bytes.count)
            if bytes.count == Limits.syncAnswerBytes { break }
        }
        return bytes.text
    }

    /// An error that `take` threw. The wrapper distinguishes it from errors of the connection.
    private struct ReaderFailure: Error {
        let cause: any Error
    }

    // MARK: Classifying a response

    /// Returns the failure that a response reports; nil if the response reports success.
    private func failure(_ answer: Answer, _ headers: HTTPHeaders, path: String) -> RetryPolicy.Failure? {
        let said = ServerReason(body: answer.text)
        let reason = "HTTP \(answer.status)" + (said.text.map { ": \($0)" } ?? "")
        let code = headers.first(name: "X-ClickHouse-Exception-Code").flatMap { Int($0) }
        if let code = code ?? ClickHouseFault.code(in: answer.text) {
            return ClickHouseFault.failure(code, place: place, reason: reason)
        }
        let requestedDelay = headers.first(name: "Retry-After").flatMap { RetryAfter.duration($0) }
        switch ResponseClass(status: answer.status, code: said.code) {
        case .success: return nil
        case .passing: return .passing(.busy(place, reason: reason), requestedDelay: requestedDelay)
        case .final(let cause): return .lasting(error(cause, answer, reason, location: redirection(headers, path)))
        }
    }

    private func error(
        _ cause: ResponseClass.Cause, _ answer: Answer, _ reason: String, location: String
    ) -> SyncError {
        switch cause {
        case .unconfirmed: .unexpectedAnswer(place, answer: answer.summary)
        case .redirected: .refused(place, reason: "HTTP \(answer.status), \(location)")
        case .notPermitted: .notPermitted(place, reason: reason)
        case .proxyNotPermitted: .proxyNotPermitted(options.proxy?.place ?? place)
        case .missing where isFolder:
            .refused(place, reason: "\(reason); create the folder on the server, or correct the address")
        case .tooLarge: .refused(place, reason: "\(reason) (the file is too large for the server)")
        case .unsupported: .refused(place, reason: "\(reason); this server cannot be a destination")
        case .networkLogin: .refused(place, reason: "\(reason); log in to the network in a browser, and run again")
        case .missing, .rejected: .refused(place, reason: reason)
        }
    }

    /// Returns the advice about a redirection of a request for `path`. If the redirection leads to the same file in
    /// another folder, the advice names that folder, because only a folder can be a destination.
    private func redirection(_ headers: HTTPHeaders, _ path: String) -> String {
        guard let location = headers.first(name: "Location"),
            let target = URL(string: location, relativeTo: URL(string: address.url(path)))?.absoluteURL,
            var parts = URLComponents(url: target, resolvingAgainstBaseURL: true)
        else { return "a redirection without a target; check the address" }
        (parts.user, parts.password, parts.query, parts.fragment) = (nil, nil, nil, nil)
        let isFile = isFolder && parts.percentEncodedPath.hasSuffix(path)
        if isFile { parts.percentEncodedPath.removeLast(path.count) }
        let text = (parts.string ?? "").prefix(200)
        return isFile ? "it has moved; its new address is \(text)" : "a redirection to \(text); check the address"
    }
}

/// The environment's settings for connections to a server, and the time limit of a request.
struct WebOptions: Sendable {
    let proxy: ProxySettings?
    /// The certificates that are trusted instead of the system's certificates; nil to trust the system's certificates.
    let certificates: [NIOSSLCertificate]?
    let deadline: TransferDeadline

    /// Reads the proxy variables, and for an encrypted connection the certificates of `SSL_CERT_FILE`.
    static func load(
        for address: Destination.WebAddress, deadline: TransferDeadline,
        environment: (String) -> String? = Environment.value
    ) throws(SyncError) -> WebOptions {
        let proxy = try ProxySettings.load(for: address, environment: environment)
        let path = address.isEncrypted ? environment("SSL_CERT_FILE") ?? "" : ""
        return WebOptions(
            proxy: proxy, certificates: path.isEmpty ? nil : try certificates(of: path), deadline: deadline)
    }

    private static func certificates(of path: String) throws(SyncError) -> [NIOSSLCertificate] {
        var bytes: [UInt8] = []
        do throws(SystemError) {
            // A named pipe at the path must not block the call.
            let file = try File(opening: path, [.read, .nonBlocking, .followingLinks])
            guard try file.status().isRegular else { throw SystemError.notAFile(path) }
            while try file.read(appendingTo: &bytes, limit: Limits.inputChunkBytes) > 0,
                bytes.count <= Limits.certificateFileBytes
            {}
        } catch {
            throw .badCertificates(path, reason: "\(error.reason); name a readable PEM file, or unset the variable")
        }
        guard bytes.count <= Limits.certificateFileBytes, let found = try? NIOSSLCertificate.fromPEMBytes(bytes),
            !found.isEmpty
        else {
            throw .badCertificates(path, reason: "it holds no certificates; name a PEM file, or unset the variable")
        }
        return found
    }
}
