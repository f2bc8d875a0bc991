import GRDB
import Platform
import Synchronization

/// Copies SQLite's log into the database beside the writer, on a connection and a thread of its own, so that little is left
/// to copy when the log has to be emptied, which the writer waits for: a checkpoint that waits for nobody may run beside one
/// who writes (https://www.sqlite.org/wal.html#ckpt).
///
/// Both are there from the first call on; most drains are too short for one. It belongs to the writer's thread.
final class Checkpointer {
    private let path: String
    private let connection: Connection
    private var companion: Companion?
    /// Whether a call was begun and not waited for.
    private var isUnderWay = false

    /// What the thread of its own works with.
    private final class Connection: Sendable {
        let queue = Mutex<DatabaseQueue?>(nil)
        let isDone = Atomic(false)
    }

    init(path: String) {
        self.path = path
        connection = Connection()
    }

    deinit { wait() }

    /// Begins to copy what the log holds. Nothing happens while it is still at it, or when it cannot: the writer's own
    /// checkpoint then meets the same trouble, and tells.
    func begin() {
        if isUnderWay {
            guard connection.isDone.load(ordering: .acquiring) else { return }
            wait()
        }
        let companion = self.companion ?? Companion()
        self.companion = companion
        connection.isDone.store(false, ordering: .relaxed)
        isUnderWay = true
        companion.begin { [connection, path] in
            connection.queue.withLock { queue in
                if queue == nil { queue = try? DatabaseOpening.forCheckpoints(path) }
                _ = try? queue?.writeWithoutTransaction { try $0.checkpoint(.passive) }
            }
            connection.isDone.store(true, ordering: .releasing)
        }
    }

    /// Returns once nothing is being copied any more.
    func wait() {
        guard isUnderWay else { return }
        companion?.wait()
        isUnderWay = false
    }
}
