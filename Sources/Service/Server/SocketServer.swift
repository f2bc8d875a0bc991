import EventModel
import Intake
import Logging
import NIOCore
import NIOPosix
import Pipeline
import Platform
import ServiceLifecycle
import WriteAheadBuffer

/// Takes lines of NDJSON from a Unix socket and acknowledges every batch with the counts so far:
///
///     {"accepted":120,"rejected":1}
///
/// A line that was not taken is reported before that, by number and reason:
///
///     {"line":17,"error":"duration_ms must be a whole number of milliseconds"}
///
/// Events that came while recording was off were thrown away; they are told as well, once there are any:
///
///     {"accepted":120,"rejected":1,"discarded":7}
///
/// A client that does not read its acknowledgements is not read from any further; the others do not notice.
struct SocketServer: Service {
    /// Connections at once; more are told to come back. Descriptors are left for everything else.
    private static var connectionLimit: Int { max(8, min(Limits.connections, FileLimit.raise() - 32)) }

    /// How long a client is waited for that does not read its last answers when the service stops.
    private static let patience: TimeAmount = .seconds(1)

    let path: String
    let makeIntake: @Sendable () throws -> EventIntake
    let batcher: EventBatcher
    let drain: DrainService
    let logger: Logger

    func run() async throws {
        guard path.utf8.count < 108 else { throw ServiceError.pathTooLong(path) }
        let threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = try await ServerBootstrap(group: threads)
            .serverChannelOption(.backlog, value: 512)
            // A client that has said all still wants to hear what became of it.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(unixDomainSocketPath: path) { channel in
                channel.eventLoop.makeCompletedFuture {
                    AcceptedConnection(try .init(wrappingChannelSynchronously: channel))
                }
            }
        let limit = Self.connectionLimit
        try await server.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                let open = OpenConnections(limit: limit)
                for try await connection in connections.cancelOnGracefulShutdown() {
                    group.addTask { if let connection = connection.take() { await serve(connection, counted: open) } }
                }
            }
        }
        // The thread ends with the process: what is still closing needs it.
    }

    private func serve(_ connection: AcceptedConnection.Connection, counted open: OpenConnections) async {
        guard open.enter() else {
            try? await connection.executeThenClose { _, outbound in
                try await outbound.write(ByteBuffer(string: "{\"error\":\"too many connections; try again\"}\n"))
            }
            return
        }
        defer { open.leave() }
        let channel = connection.channel
        do {
            try await withGracefulShutdownHandler {
                try await connection.executeThenClose { inbound, outbound in
                    guard try await isOwn(channel) else { return }
                    try await serve(inbound, outbound)
                }
            } onGracefulShutdown: {
                channel.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
            }
        } catch {
            // The client went away in the middle, which is its right; what was acknowledged is kept.
            logger.debug("connection ended: \(String(describing: error).escapedForDisplay)")
        }
    }

    private func serve(
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async throws {
        var lines = LineIntake(intake: try makeIntake())
        var accepted = 0
        var rejected = 0
        var discarded = 0
        /// Stores what a piece of the stream held, and only then acknowledges it.
        func take(_ chunk: LineIntake.Chunk) async throws {
            guard !chunk.batch.isEmpty || !chunk.rejected.isEmpty else { return }
            if try await batcher.record(chunk.batch) {
                drain.wake()
                accepted += chunk.batch.eventCount
            } else {
                discarded += chunk.batch.eventCount
            }
            rejected += chunk.rejected.count
            var answer = ""
            for (line, rejection) in chunk.rejected {
                answer += "{\"line\":\(line),\"error\":\"\(rejection.message)\"}\n"
            }
            let off = discarded > 0 ? ",\"discarded\":\(discarded)" : ""
            answer += "{\"accepted\":\(accepted),\"rejected\":\(rejected)\(off)}\n"
            try await outbound.write(ByteBuffer(string: answer))
        }
        for try await input in inbound.cancelOnGracefulShutdown() {
            try lines.refreshKey()
            try await take(lines.take { $0.append(contentsOf: input.readableBytesView) })
        }
        // When the service stops, a line that has begun is left out: its end has not come.
        if !Task.isShuttingDownGracefully { try await take(lines.take(atEnd: true) { _ in }) }
    }

    /// Whether the far end runs as this user; the folder's rights let nobody else near, and root gets no exception.
    private func isOwn(_ channel: any Channel) async throws -> Bool {
        guard let provider = channel as? any SocketOptionProvider else { return false }
        let option = NIOBSDSocket.Option(rawValue: PeerCredentials.option)
        let peer: PeerCredentials = try await provider.unsafeGetSocketOption(level: .socket, name: option).get()
        return peer.isThisUser
    }
}
