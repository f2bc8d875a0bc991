import Platform
import Synchronization

/// Notices, cheaply, that some process has appended to a buffer: it compares the lengths of the segments with those it
/// saw last, takes no lock and opens nothing.
package final class BufferWatch: Sendable {
    private let buffer: WriteAheadBuffer
    private let lastSeen = Mutex<[String: Int]>([:])

    package init(buffer: WriteAheadBuffer) {
        self.buffer = buffer
    }

    /// Whether anything was appended since the last call. A folder that cannot be looked at counts as unchanged.
    package func hasGrown() -> Bool {
        guard let sizes = try? buffer.folder.fileSizes() else { return false }
        return lastSeen.withLock { last in
            defer { last = sizes }
            return sizes.contains { name, size in size > last[name, default: SegmentFormat.headerLength] }
        }
    }
}
