package import Core
package import Database
package import Snapshots
import SystemSupport

/// Takes data out of a data folder: writes snapshots, and sends rows and aggregates to destinations. No other type
/// takes data out.
///
/// The actor has its own thread, because SQLite and file access block. `SnapshotWriter` creates a snapshot.
/// `Transmission` and `AggregateTransmission` write to the ledger before and after they send a batch.
package actor SyncActor {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    package init() {}

    /// Writes a snapshot of the selected events (see `SnapshotWriter.write`).
    ///
    /// - Parameters:
    ///   - progress: is called with the finished and the total amount, in an arbitrary unit.
    @discardableResult
    package func export(
        _ selection: SnapshotSelection = .everything, of data: DataFolder, as format: SnapshotFormat,
        to target: SnapshotTarget, isPlain: Bool = false,
        progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws(SnapshotError) -> SnapshotManifest {
        try await SnapshotWriter(data: data).write(
            selection, as: format, to: target, isPlain: isPlain, progress: progress)
    }

    /// Writes a snapshot of the events in a range of times, in milliseconds since 1970. If `times` is nil, writes all
    /// events.
    @discardableResult
    package func export(
        times: Range<Int64>?, of data: DataFolder, as format: SnapshotFormat, to target: SnapshotTarget,
        isPlain: Bool, progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws(SnapshotError) -> SnapshotManifest {
        try await export(
            SnapshotSelection(times: times), of: data, as: format, to: target, isPlain: isPlain, progress: progress)
    }

    /// Sends all rows of a transmission. While a batch is sent, the next batch is encoded.
    ///
    /// - Throws: `SyncError` if a batch could not be delivered, and `CancellationError`.
    package func send(
        _ transmission: consuming Transmission, _ report: @Sendable (Transmission.Progress) -> Void
    ) async throws -> Transmission.Summary {
        let (encoder, last) = (transmission.encoder, transmission.job.last)
        let cursor = try await transmission.finishEarlier(report)
        var upcoming = try await Self.batch(after: cursor, upTo: last, of: encoder)
        if let first = upcoming { try await transmission.begin(first, report) }
        while let batch = upcoming {
            async let following = encode(after: batch.transfer.range.upperBound, upTo: last, with: encoder)
            try await transmission.deliver(batch, earlier: [], report)
            let next: Result<TransferBatch?, any Error>
            do { next = .success(try await following) } catch { next = .failure(error) }
            try transmission.confirm(batch, next: try? next.get(), report)
            upcoming = try next.get()
        }
        return transmission.summary
    }

    /// Sends each day of aggregates that is new or changed. If `fromStart` is true, sends every day.
    ///
    /// - Throws: `SyncError` if a batch could not be delivered, and `CancellationError`.
    package func send(
        _ transmission: consuming AggregateTransmission, fromStart: Bool = false,
        _ report: @Sendable (Transmission.Progress) -> Void
    ) async throws -> AggregateTransmission.Summary {
        try await transmission.run(fromStart: fromStart, report)
    }

    /// Returns the next batch; nil if no rows are left. The method is isolated to this actor, so that a snapshot is
    /// written on the actor's thread.
    private func encode(
        after cursor: Int64, upTo last: Int64, with encoder: any BatchEncoder
    ) async throws -> TransferBatch? {
        try await Self.batch(after: cursor, upTo: last, of: encoder)
    }

    private static func batch(
        after cursor: Int64, upTo last: Int64, of encoder: any BatchEncoder
    ) async throws -> TransferBatch? {
        cursor < last ? try await encoder.pack(cursor + 1...last) : nil
    }
}
