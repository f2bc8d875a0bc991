import Core
package import Database
import Snapshots
import SystemSupport

/// Packs rows as lines of text, some megabytes to a batch, on a thread of its own.
package actor RowBatchEncoder: BatchEncoder {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let source: ClickHouseRowEncoder
    private let destination: String
    private let store: String
    private let installation: String
    private let bounds: ClickHouseRowEncoder.Bounds

    package init(
        _ source: ClickHouseRowEncoder, destination: String, store: String, installation: InstallationID,
        bounds: ClickHouseRowEncoder.Bounds = .init(
            rows: Limits.syncBatchRows, bytes: Limits.syncBatchBytes, leastRows: Limits.syncBatchMinimumRows)
    ) {
        self.source = source
        self.destination = destination
        self.store = store
        self.installation = installation.id
        self.bounds = bounds
    }

    package func pack(_ range: ClosedRange<Int64>) throws -> TransferBatch? {
        try transferBatch(range, bounds)
    }

    package func reencode(_ transfer: Transfer) throws -> TransferBatch? {
        try transferBatch(transfer.range, .none)
    }

    private func transferBatch(_ range: ClosedRange<Int64>, _ bounds: ClickHouseRowEncoder.Bounds) throws
        -> TransferBatch?
    {
        guard let batch = try source.batch(in: range, bounds) else { return nil }
        let transfer = Transfer(
            destination: destination, store: store, installation: installation, range: batch.range, rows: batch.rows,
            bytes: batch.bytes, sha256: Checksum.of(batch.pieces))
        return TransferBatch(transfer: transfer, content: .lines(batch.pieces))
    }
}
