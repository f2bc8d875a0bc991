import AsyncHTTPClient
import Crypto
import EventModel
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Platform

/// Requests to one server, and what their outcome means. Certificates are checked, redirections are not followed: where
/// rows and a password go is for the person to say.
struct WebConnection: Sendable {
    /// What a server said.
    struct Answer: Sendable {
        let status: Int
        /// The beginning of what it said.
        let text: String

        /// Status and first line, for a message.
        var summary: String {
            let line = text.split(whereSeparator: \.isNewline).first?.prefix(100)
            return "HTTP \(status)" + (line.map { ": \($0)" } ?? " and nothing else")
        }
    }

    private let client: HTTPClient
    private let address: Destination.WebAddress
    private let headers: HTTPHeaders
    /// How messages call it.
    let place: String

    init(_ client: HTTPClient, _ destination: Destination, _ address: Destination.WebAddress, headers: HTTPHeaders) {
        self.client = client
        self.address = address
        self.headers = headers
        place = destination.identity
    }

    /// How connections are made. A failed one is for `RetryPolicy` to try again.
    static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(
            connect: .seconds(Limits.syncConnectSeconds), read: .seconds(Limits.syncIdleSeconds),
            write: .seconds(Limits.syncIdleSeconds))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        return configuration
    }

    /// Sends a request for `path`, percent-encoded, and returns an answer that says that all went well, or one of
    /// `expected`; throws a `RetryPolicy.Failure` for any other.
    func send(
        _ method: HTTPMethod, _ path: String, headers extra: HTTPHeaders = [:],
        body: HTTPClientRequest.Body? = nil, expected: Set<Int> = []
    ) async throws -> Answer {
        try await exchange(method, path, headers: extra, body: body) { response in
            let answer = Answer(status: Int(response.status.code), text: try await Self.beginning(of: response.body))
            if expected.contains(answer.status) { return answer }
            if let failure = failure(answer, response.headers) { throw failure }
            return answer
        }
    }

    /// SHA-256 of what stands at `path`, in hexadecimal digits; nil when that is longer than `limit` bytes.
    func checksum(of path: String, limit: Int) async throws -> String? {
        try await exchange(.GET, path) { response in
            guard response.status == .ok else {
                let answer = Answer(
                    status: Int(response.status.code), text: try await Self.beginning(of: response.body))
                throw failure(answer, response.headers)
                    ?? .lasting(.refused(place, reason: "HTTP \(answer.status)"))
            }
            var hash = SHA256()
            var bytes = 0
            for try await part in response.body {
                bytes += part.readableBytes
                guard bytes <= limit else { return nil }
                hash.update(data: Array(part.readableBytesView))
            }
            return hash.finalize().hexadecimal
        }
    }

    /// Sends a request and hands the answer to `read`; what goes wrong on the way is thrown as a `RetryPolicy.Failure`.
    private func exchange<Value>(
        _ method: HTTPMethod, _ path: String, headers extra: HTTPHeaders = [:],
        body: HTTPClientRequest.Body? = nil, _ read: (HTTPClientResponse) async throws -> Value
    ) async throws -> Value {
        var request = HTTPClientRequest(url: address.url(path))
        request.method = method
        request.headers = headers
        request.headers.add(contentsOf: extra)
        request.headers.replaceOrAdd(name: "User-Agent", value: "nexus/\(Version.current)")
        request.body = body
        do {
            // Idle connections end by the timeouts; a slow one that moves may take as long as it takes.
            return try await read(try await client.execute(request, deadline: .distantFuture))
        } catch let failure as RetryPolicy.Failure {
            throw failure
        } catch {
            try Task.checkCancellation()
            throw RetryPolicy.Failure.passing(.unreachable(place, reason: Self.reason(error)))
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

    // MARK: What an answer means

    private func failure(_ answer: Answer, _ headers: HTTPHeaders) -> RetryPolicy.Failure? {
        let said = answer.text.split(whereSeparator: \.isNewline).first.map { ": " + $0.prefix(300) } ?? ""
        let reason = "HTTP \(answer.status)\(said.hasPrefix(": <") ? "" : said)"
        let code = headers.first(name: "X-ClickHouse-Exception-Code").flatMap { Int($0) }
        if let code = code ?? ClickHouseFault.code(in: answer.text) {
            return ClickHouseFault.failure(code, place: place, reason: reason)
        }
        switch answer.status {
        case 200..<300: return nil
        case 300..<400:
            let target = headers.first(name: "Location").map { " to \($0.prefix(200))" } ?? ""
            return .lasting(.refused(place, reason: "it has moved\(target); give its new address"))
        case 401, 403, 407: return .lasting(.notPermitted(place, reason: reason))
        case 408, 425, 429, 500...:
            return .passing(.busy(place, reason: reason), requestedDelay: Self.retryAfter(headers))
        case 413: return .lasting(.refused(place, reason: "\(reason) (the file is too large for it)"))
        default: return .lasting(.refused(place, reason: reason))
        }
    }

    /// `Retry-After` in seconds, or as a date.
    private static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        guard let text = headers.first(name: "Retry-After") else { return nil }
        if let seconds = Int(text) { return seconds >= 0 && seconds < 1 << 31 ? .seconds(seconds) : nil }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return formatter.date(from: text).map { .seconds(max(0, $0.timeIntervalSinceNow)) }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: error.shortDescription.lowercased()
        case let error as IOError: SystemError("", "", code: error.errnoCode).reason
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { reason($0.error) } ?? "no computer of the name \(error.host) is known"
        case ChannelError.connectTimeout: "it does not answer"
        case is ChannelError: "the connection was cut"
        default: String(String(describing: error).prefix(300))
        }
    }
}
