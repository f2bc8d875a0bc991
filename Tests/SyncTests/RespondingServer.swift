import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport

/// An HTTP server on loopback, in process, that answers each request as a test says, for as long as the value lives.
final class RespondingServer: Sendable {
    struct Request: Sendable {
        let method: String
        let uri: String
        let headers: HTTPHeaders
        let body: [UInt8]

        /// The statement in the URL of a request to ClickHouse.
        var statement: String {
            let value = uri.split(separator: "?query=", maxSplits: 1).last?.split(separator: "&").first
            return value.flatMap { $0.removingPercentEncoding } ?? ""
        }
    }

    enum Response: Sendable {
        case answer(Int, [String: String] = [:], String = "")
        /// Closes the connection without an answer.
        case cut
        /// Announces more bytes than come, and closes the connection.
        case cutBody
        /// Answers with these bytes.
        case file([UInt8])
        /// Never answers.
        case silence
    }

    let port: Int
    private let channel: any Channel
    private let log: RequestLog

    /// - Parameters:
    ///   - certificate: name of a file in `Fixtures/TLS`, without its ending; nil for a server without TLS.
    ///   - respond: gets a request and its number, from 0 on.
    init(
        certificate: String? = nil, _ respond: @escaping @Sendable (Request, Int) -> Response
    ) async throws {
        let context = try certificate.map(Self.context)
        let log = RequestLog()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let context { try pipeline.addHandler(NIOSSLServerHandler(context: context)) }
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(RequestHandler(log, respond))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        self.log = log
    }

    /// A server that gives one answer after another, and the last one from then on.
    convenience init(certificate: String? = nil, _ responses: Response...) async throws {
        try await self.init(certificate: certificate) { _, number in responses[min(number, responses.count - 1)] }
    }

    deinit { channel.close(promise: nil) }

    /// Accepts no more connections.
    func stop() async throws { try await channel.close() }

    var requests: [Request] { log.requests.withLock { $0 } }
    var methods: [String] { requests.map(\.method) }

    /// Path of a PEM file in `Fixtures/TLS`.
    static func path(ofCertificate name: String) -> String {
        Repository.root.appending(path: "Fixtures/TLS/\(name).pem").path
    }

    private static func context(_ name: String) throws -> NIOSSLContext {
        let path = path(ofCertificate: name)
        let chain = try NIOSSLCertificate.fromPEMFile(path).map { NIOSSLCertificateSource.certificate($0) }
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: chain, privateKey: .privateKey(NIOSSLPrivateKey(file: path, format: .pem))))
    }
}

private final class RequestLog: Sendable {
    let requests = Mutex<[RespondingServer.Request]>([])
}

/// Collects one request and answers it.
private final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let log: RequestLog
    private let respond: @Sendable (RespondingServer.Request, Int) -> RespondingServer.Response
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(
        _ log: RequestLog,
        _ respond: @escaping @Sendable (RespondingServer.Request, Int) -> RespondingServer.Response
    ) {
        self.log = log
        self.respond = respond
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): (self.head, body) = (head, [])
        case .body(let part): body += part.readableBytesView
        case .end:
            guard let head else { return }
            let request = RespondingServer.Request(
                method: head.method.rawValue, uri: head.uri, headers: head.headers, body: body)
            let number = log.requests.withLock { requests in
                requests.append(request)
                return requests.count - 1
            }
            answer(respond(request, number), context)
        }
    }

    private func answer(_ response: RespondingServer.Response, _ context: ChannelHandlerContext) {
        switch response {
        case .answer(let status, let more, let text):
            var headers: HTTPHeaders = ["Content-Length": "\(text.utf8.count)", "Connection": "close"]
            for (name, value) in more { headers.replaceOrAdd(name: name, value: value) }
            send(HTTPResponseStatus(statusCode: status), headers, Array(text.utf8), isWhole: true, context)
        case .file(let bytes):
            send(.ok, ["Content-Length": "\(bytes.count)", "Connection": "close"], bytes, isWhole: true, context)
        case .cutBody: send(.ok, ["Content-Length": "1000"], Array("a part".utf8), isWhole: false, context)
        case .cut: context.close(promise: nil)
        case .silence: break
        }
    }

    private func send(
        _ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ body: [UInt8], isWhole: Bool,
        _ context: ChannelHandlerContext
    ) {
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        if isWhole { context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil) }
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// A server that keeps files, as WebDAV does.
final class FileServer: Sendable {
    enum Fault: Sendable {
        /// The file is kept, and the answer gets lost.
        case cutAfterKeeping
    }

    private final class Store: Sendable {
        let files = Mutex<[String: [UInt8]]>([:])
    }

    private let store: Store
    private let server: RespondingServer

    /// - Parameters:
    ///   - knowsConditions: whether it honours `If-None-Match`; else it rejects such a request with 501.
    ///   - faults: by the number of the request.
    init(knowsConditions: Bool = true, faults: [Int: Fault] = [:]) async throws {
        let store = Store()
        self.store = store
        server = try await RespondingServer { request, number in
            store.files.withLock { files in
                if request.method == "GET" { return files[request.uri].map { .file($0) } ?? .answer(404) }
                let isConditional = request.headers.contains(name: "If-None-Match")
                if isConditional, !knowsConditions { return .answer(501) }
                if isConditional, files[request.uri] != nil { return .answer(412) }
                files[request.uri] = request.body
                return faults[number] == .cutAfterKeeping ? .cut : .answer(201)
            }
        }
    }

    var url: String { "http://127.0.0.1:\(server.port)/store" }
    var methods: [String] { server.methods }
    var files: [String: [UInt8]] { store.files.withLock { $0 } }

    func put(_ name: String, _ bytes: [UInt8]) { store.files.withLock { $0[name] = bytes } }
}
