import Database
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport

/// An HTTP server over TLS on loopback, which answers every request with status 200, for as long as the value lives.
final class TLSServer: Sendable {
    /// The port on 127.0.0.1.
    let port: Int
    /// Path of the PEM file with the server's certificate.
    let certificate: String
    private let channel: any Channel
    private let accepted: Counter

    /// The number of connections so far, those whose handshake failed included.
    var connections: Int { accepted.value.withLock { $0 } }

    /// - Parameter certificate: name of a file in `Fixtures/TLS`, without its ending.
    init(certificate name: String) throws {
        certificate = Repository.root.appending(path: "Fixtures/TLS/\(name).pem").path
        let key = try NIOSSLPrivateKey(file: certificate, format: .pem)
        let chain = try NIOSSLCertificate.fromPEMFile(certificate).map { NIOSSLCertificateSource.certificate($0) }
        let context = try NIOSSLContext(
            configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
        let accepted = Counter()
        channel = try ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                accepted.value.withLock { $0 += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(OKHandler())
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
        port = channel.localAddress?.port ?? 0
        self.accepted = accepted
    }

    deinit { channel.close(promise: nil) }
}

/// Answers a request with status 200 and closes the connection.
private final class OKHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = unwrapInboundIn(data) else { return }
        let headers: HTTPHeaders = ["Content-Length": "0", "Connection": "close"]
        context.write(wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: headers))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

private final class Counter: Sendable {
    let value = Mutex(0)
}
