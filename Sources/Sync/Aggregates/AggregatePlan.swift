package import Core
import Database
import Foundation
import Rollups

/// A destination that gets aggregates, and never rows.
package struct AggregateDestination: Equatable, Sendable {
    package let place: Destination
    /// A random id of this destination alone: 32 hexadecimal digits. It is not the installation's, so that what is there cannot be
    /// joined with rows or snapshots.
    package let source: String
    /// The names that may leave; nil: all.
    package let allowed: AllowedNames?

    package init(_ place: Destination, source: String, allowed: AllowedNames?) {
        self.place = place
        self.source = source
        self.allowed = allowed
    }

    /// Returns a new id.
    package static func newSource() -> String {
        UUID().uuidString.replacing("-", with: "").lowercased()
    }
}

/// Finds which days a destination of aggregates does not have as they are now.
///
/// It compares the checksum of each day with the one that the ledger has. So there is no note of what changed: recorded events, an
/// import, a purge, another list of allowed names and a killed run all make days differ.
package struct AggregatePlan: Sendable {
    private let reader: DailyFiguresReader
    private let destination: AggregateDestination
    /// The days that have events and whose figures can be read.
    private let readable: [Int64]
    /// Days of which retention removed the rows before their events were counted as this needs it. They are not sent.
    package let unknown: [Int64]

    /// - Returns: nil when there is no database.
    package init?(_ destination: AggregateDestination, data: DataFolder) throws {
        guard let store = try StoreReader(data: data) else { return nil }
        let reader = try DailyFiguresReader(store)
        let days = try reader.days()
        self.destination = destination
        self.reader = reader
        readable = days.readable
        unknown = days.unknown
    }

    /// The lines of a day as they are now.
    package func lines(of day: Int64) throws -> DailyLines {
        DailyLines(day: day, try reader.figures(of: day), allowed: destination.allowed)
    }

    /// The days to send, in order. A day that was sent and has no events any more is among them: without lines it replaces what is
    /// there.
    /// - Parameter fromStart: every day, as to a place that has lost what it had.
    package func changedDays(_ progress: LedgerProgress, fromStart: Bool = false) throws -> [Int64] {
        let sent = progress.days(of: destination.source)
        let gone = sent.filter { $0.value.lines > 0 || !$0.value.isConfirmed }.keys
        let days = Set(readable).union(gone).subtracting(unknown)
        if fromStart { return days.sorted() }
        return try days.sorted().filter { day in
            guard let sent = sent[day], sent.isConfirmed else { return true }
            return try lines(of: day).checksum != sent.checksum
        }
    }
}
