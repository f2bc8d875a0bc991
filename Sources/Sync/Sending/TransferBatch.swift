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
