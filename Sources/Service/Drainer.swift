package import Platform
import Store

/// Takes into the database what waits in the buffer, for commands that are not the service.
package struct Drainer: Sendable {
    private let data: DataFolder

    package init(data: DataFolder) {
        self.data = data
    }

    /// Drains everything; returns how many events that were, and nil when another process is the writer and does it.
    @discardableResult
    package func drainIfFree() async throws -> Int? {
        guard let lock = try WriterLock.acquire(in: data) else { return nil }
        let writer = try SQLiteWriter(data: data, lock: lock)
        let events = try await writer.drain()
        try await writer.finish()
        return events
    }
}
