/// Which events a snapshot holds. Where several conditions are given, all must hold.
package struct SnapshotSelection: Equatable, Sendable {
    /// Ids of rows; nil: all.
    package var ids: ClosedRange<Int64>?
    /// Times of events, in milliseconds since 1970; nil: all.
    package var times: Range<Int64>?

    package init(ids: ClosedRange<Int64>? = nil, times: Range<Int64>? = nil) {
        self.ids = ids
        self.times = times
    }

    /// Everything there is.
    package static let everything = SnapshotSelection()
}
