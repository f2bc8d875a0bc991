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

/// What goes to a destination in one piece: a range of rows, ready to be sent as often as it takes.
package struct TransferBatch: Sendable {
    package enum Content: Sendable {
        /// Lines of text (see `ClickHouseRowEncoder`).
        case lines([[UInt8]])
        /// A file, and the name that it is to have at the destination.
        case file(EncodedFile, name: String)
    }

    package let transfer: Transfer
    package let content: Content

    package init(transfer: Transfer, content: Content) {
        self.transfer = transfer
        self.content = content
    }
}

/// Puts rows into parcels.
package protocol BatchEncoder: Sendable {
    /// The first batch of a range of ids; nil when no row is left in it.
    func pack(_ range: ClosedRange<Int64>) async throws -> TransferBatch?

    /// All rows of a range of ids that was begun before, in one batch under the same installation; nil when none is left.
    func reencode(_ transfer: Transfer) async throws -> TransferBatch?
}

/// A destination, as something that takes parcels. What goes wrong is thrown as a `RetryPolicy.Failure`.
package protocol Target: Sendable {
    /// Makes sure that the place is there; called before the first batch.
    func prepare() async throws

    /// Delivers a batch; when it returns, the destination has it and will keep it. A batch that is there already is
    /// delivered. `earlier` are the attempts of former runs on the same range: any of them may have arrived.
    func deliver(_ batch: TransferBatch, earlier: [Transfer]) async throws
}
