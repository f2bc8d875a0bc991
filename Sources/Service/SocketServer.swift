import Core
import Intake
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import SystemSupport
import WriteAheadBuffer

/// Ingests lines of NDJSON from a Unix socket and acknowledges every batch with the counts so far:
///
///     {"accepted":120,"rejected":1}
///
/// Each rejected line is reported before these counts, with its number and the reason:
///
///     {"line":17,"error":"duration_ms must be a number of milliseconds"}
///
/// Events that arrive while recording is off are discarded. A third count shows their number if it is not 0:
///
///     {"accepted":120,"rejected":1,"discarded":7}
///
/// While a client leaves its acknowledgements unread, the server reads nothing more from it. Other clients are not
/// affected.
struct SocketServer: Service {
    /// The maximum number of connections: the limit of open files minus 32 for all other files, at least 8 and at most
    /// `Limits.connections`.
    private static var connectionLimit: Int { max(8, min(Limits.connections, FileLimit.raise() - 32)) }

    /// The time for which the server still accepts connections after a request to stop.
    private static let lastCall: TimeAmount = .milliseconds(20)

    let path: String
    /// A listening socket that a service manager has passed. Nil if the server opens a socket at `path`.
    let passed: CInt?
    let intake: EventIntake
    let buffer: WriteAheadBuffer
    /// The batcher that appends a batch with fsync before the batch is acknowledged. Nil if a batch is acknowledged as
    /// soon as it is in the buffer.
    let durable: EventBatcher?
    let scheduler: DrainScheduler
    let logger: Logger
    /// The maximum number of connections; further clients are asked to try again.
    var limit = connectionLimit

    func run() async throws {
        guard passed != nil || path.utf8.count < 108 else { throw ServiceError.pathTooLong(path) }
        let threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let group = try await makeGroup(on: threads.next())
        let bootstrap = ServerBootstrap(group: threads)
            .serverChannelOption(.backlog, value: 512)
            // A client that has closed its side still waits for its last acknowledgement.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(SocketConnection(in: group.value))
                }
            }
        let server =
            if let passed {
                try await bootstrap.withBoundSocket(passed).get()
            } else {
                try await bootstrap.bind(unixDomainSocketPath: path).get()
            }
        try await withGracefulShutdownHandler {
            try await server.closeFuture.get()
        } onGracefulShutdown: {
            // Clients that have connected by now are still accepted. Their connections then shut down gracefully.
            server.eventLoop.scheduleTask(in: Self.lastCall) { server.close(promise: nil) }
        }
        try await group.eventLoop.flatSubmit { group.value.stop() }.get()
        // The thread is not shut down, because connections that are still closing need it. It ends with the process.
    }

    private func makeGroup(on loop: any EventLoop) async throws -> NIOLoopBound<ConnectionGroup> {
        let limit = limit
        return try await loop.submit {
            let group = ConnectionGroup(
                on: loop, limit: limit, intake: intake, buffer: buffer, durable: durable, scheduler: scheduler,
                logger: logger)
            return NIOLoopBound(group, eventLoop: loop)
        }.get()
    }
}
