import NIOCore
import Synchronization

/// A connection until somebody serves it. NIO ends the process when the writing side of one is let go of without having
/// been closed, so one that nobody takes any more, because the service stops, closes itself.
final class AcceptedConnection: Sendable {
    typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private let connection: Mutex<Connection?>

    init(_ connection: Connection) {
        self.connection = Mutex(connection)
    }

    deinit {
        guard let connection = take() else { return }
        Task { try? await connection.executeThenClose { _, _ in } }
    }

    /// Hands the connection to whoever serves it and closes it then.
    func take() -> Connection? {
        connection.withLock { $0.take() }
    }
}
