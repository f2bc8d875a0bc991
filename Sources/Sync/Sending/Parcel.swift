/// What goes to a destination in one piece: a range of rows, ready to be sent as often as it takes.
package struct Parcel: Sendable {
    package enum Content: Sendable {
        /// Lines of text (see `RowText`).
        case lines([[UInt8]])
        /// A file, and the name that it is to have at the destination.
        case file(PackedFile, name: String)
    }

    package let transfer: Transfer
    package let content: Content

    package init(transfer: Transfer, content: Content) {
        self.transfer = transfer
        self.content = content
    }
}

/// Puts rows into parcels.
package protocol Packer: Sendable {
    /// The first parcel of a range of ids; nil when no row is left in it.
    func pack(_ range: ClosedRange<Int64>) async throws -> Parcel?

    /// All rows of a range of ids that was begun before, in one parcel under the same installation; nil when none is left.
    func repack(_ transfer: Transfer) async throws -> Parcel?
}

/// A destination, as something that takes parcels. What goes wrong is thrown as a `RetryPolicy.Failure`.
package protocol Target: Sendable {
    /// Makes sure that the place is there; called before the first parcel.
    func prepare() async throws

    /// Delivers a parcel; when it returns, the destination has it and will keep it. A parcel that is there already is
    /// delivered. `earlier` are the attempts of former runs on the same range: any of them may have arrived.
    func deliver(_ parcel: Parcel, earlier: [Transfer]) async throws
}
