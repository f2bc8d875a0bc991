import EventModel
import GRDB
import Platform
import Synchronization

/// Copies SQLite's log into the database beside the writer, on a connection and a thread of its own, so that little is left
/// to copy when the log has to be emptied, which the writer waits for: a checkpoint that waits for nobody may run beside one
/// who writes (https://www.sqlite.org/wal.html#ckpt).
///
/// It never begins on a log that is copied already. Whoever writes next then starts that log anew, and libraries before 3.51.3
/// can take a copy that begins at the same moment for one of the new log (https://www.sqlite.org/wal.html#walresetbug). While
/// something is left to copy nobody starts it anew, and nobody else of Nexus copies.
///
/// Connection and thread are there from the first call on; most drains are too short for one. It belongs to the writer's thread.
final class Checkpointer {
    private let path: String
    private let connection: Connection
    private var companion: Companion?
    /// Whether a call was begun and not waited for.
    private var isUnderWay = false
    /// How long the log was when it was last copied, in frames: what is longer has something left to copy, whether it is that
    /// log or another one.
    private var copiedFrames = 0

    /// What the thread of its own works with.
    private final class Connection: Sendable {
        let queue = Mutex<DatabaseQueue?>(nil)
        let isDone = Atomic(false)
        /// Frames of the log when a call was done, copied or not.
        let frames = Atomic(0)
    }

    init(path: String) {
        self.path = path
        connection = Connection()
    }

    deinit { wait() }

    /// Begins to copy what the log holds, which is `frames` long after a commit, if that is much; says whether it has begun.
    /// Nothing happens while it is still at it, or when it cannot: the writer's own checkpoint then meets the same trouble,
    /// and tells.
    @discardableResult
    func begin(frames: Int) -> Bool {
        if isUnderWay {
            guard connection.isDone.load(ordering: .acquiring) else { return false }
            wait()
        }
        // A shorter one is another one.
        if frames < copiedFrames { copiedFrames = 0 }
        guard frames - copiedFrames >= Limits.copiedLogBytes / LogGauge.frameBytes else { return false }
        let companion = self.companion ?? Companion()
        self.companion = companion
        connection.isDone.store(false, ordering: .relaxed)
        isUnderWay = true
        companion.begin { [connection, path] in
            connection.queue.withLock { queue in
                if queue == nil { queue = try? DatabaseOpening.forCheckpoints(path) }
                if let result = try? queue?.writeWithoutTransaction({ try $0.checkpoint(.passive) }) {
                    connection.frames.store(result.walFrameCount, ordering: .relaxed)
                }
            }
            connection.isDone.store(true, ordering: .releasing)
        }
        return true
    }

    /// Returns once nothing is being copied any more.
    func wait() {
        guard isUnderWay else { return }
        companion?.wait()
        isUnderWay = false
        copiedFrames = connection.frames.load(ordering: .relaxed)
    }

    /// The writer itself has copied a log of so many frames, or started it anew.
    func noteCopied(frames: Int) { copiedFrames = frames }
}
