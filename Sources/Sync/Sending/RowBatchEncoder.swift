import Core
package import Database
import Snapshots
import SystemSupport

/// Encodes rows as lines of text, in batches of some megabytes, on a separate thread.
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

/// A range of rows, encoded for one transfer. After a failed attempt the same batch is sent again.
package struct TransferBatch: Sendable {
    package enum Content: Sendable {
        /// Lines of text (see `ClickHouseRowEncoder`).
        case lines([[UInt8]])
        /// A file, and its name at the destination.
        case file(EncodedFile, name: String)
    }

    package let transfer: Transfer
    package let content: Content

    package init(transfer: Transfer, content: Content) {
        self.transfer = transfer
        self.content = content
    }
}

/// Encodes rows into batches.
package protocol BatchEncoder: Sendable {
    /// Returns the first batch of a range of ids; nil when the range has no rows.
    func pack(_ range: ClosedRange<Int64>) async throws -> TransferBatch?

    /// Encodes the range of a transfer that an earlier run left unconfirmed, as one batch. Rows and files keep their
    /// identity at the destination. Returns nil if the range has no rows any more.
    func reencode(_ transfer: Transfer) async throws -> TransferBatch?
}

/// A destination that receives batches of rows. Failures are thrown as a `RetryPolicy.Failure`.
package protocol Target: Sendable {
    /// Checks or creates the destination; called before the first batch.
    func prepare() async throws

    /// Delivers a batch. When this method returns, the destination has stored the batch permanently. A batch that the
    /// destination already has counts as delivered.
    /// - Parameter earlier: the attempts of previous runs to send the same range. Any of them may have arrived.
    func deliver(_ batch: TransferBatch, earlier: [Transfer]) async throws
}
