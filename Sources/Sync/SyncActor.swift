package import Core
package import Database
package import Snapshots
import SystemSupport

/// Takes data out of a data folder: writes snapshots, and sends rows to destinations. Nothing else does.
///
/// It has a thread of its own, as SQLite and files block. `SnapshotWriter` knows how a snapshot is made, `Transmission` what
/// is written down before and after a batch goes.
package actor SyncActor {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    package init() {}

    /// Writes a snapshot of what is selected (see `SnapshotWriter.write`).
    ///
    /// - Parameters:
    ///   - progress: is called with how much of how much is done, in units of its own.
    @discardableResult
    package func export(
        _ selection: SnapshotSelection = .everything, of data: DataFolder, as format: SnapshotFormat,
        to target: SnapshotTarget, isPlain: Bool = false,
        progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws(SnapshotError) -> SnapshotManifest {
        try await SnapshotWriter(data: data).write(
            selection, as: format, to: target, isPlain: isPlain, progress: progress)
    }

    /// Writes a snapshot of the events of a range of times (milliseconds since 1970), or of all.
    @discardableResult
    package func export(
        times: Range<Int64>?, of data: DataFolder, as format: SnapshotFormat, to target: SnapshotTarget,
        isPlain: Bool, progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws(SnapshotError) -> SnapshotManifest {
        try await export(
            SnapshotSelection(times: times), of: data, as: format, to: target, isPlain: isPlain, progress: progress)
    }

    /// Sends everything that a transmission is about. While one batch is on its way, the next one is encoded.
    ///
    /// - Throws: `SyncError` when the destination does not take it, and `CancellationError`.
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

    /// Sends every day that a destination of aggregates does not have as it is now.
    ///
    /// - Throws: `SyncError` when the destination does not take it, and `CancellationError`.
    package func send(
        _ transmission: consuming AggregateTransmission, fromStart: Bool = false,
        _ report: @Sendable (Transmission.Progress) -> Void
    ) async throws -> AggregateTransmission.Summary {
        try await transmission.run(fromStart: fromStart, report)
    }

    /// The next batch, made on this actor's thread.
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
