package import Core
import Database
import Foundation
import Rollups

/// A destination that receives aggregates, and never rows.
package struct AggregateDestination: Equatable, Sendable {
    package let place: Destination
    /// A random id of this destination alone: 32 hexadecimal digits. It differs from the installation's id, so that the
    /// aggregates cannot be joined with rows or snapshots.
    package let source: String
    /// The names that may leave; nil allows all names.
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

/// Finds the days that are missing or outdated at a destination.
///
/// The plan compares the checksum of each day with the checksum in the ledger, so no list of changed days is needed.
/// Days are sent again after new events, an import, a purge, a changed list of allowed names, or a killed run.
package struct AggregatePlan: Sendable {
    /// Nil for a withdrawal, because a withdrawal sends empty days and reads no figures.
    private let reader: DailyFiguresReader?
    private let destination: AggregateDestination
    /// The days that have events and whose figures can be read.
    private let readable: [Int64]
    /// Days that are not sent, because their figures are unknown (see `DailyFiguresReader.days`).
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

    /// Makes a plan that replaces every day at the destination by an empty day. It needs no database.
    package init(withdrawing destination: AggregateDestination) {
        self.destination = destination
        (reader, readable, unknown) = (nil, [], [])
    }

    /// Returns the lines of a day, computed from its current figures.
    package func lines(of day: Int64) throws -> DailyLines {
        DailyLines(day: day, try reader?.figures(of: day) ?? [], allowed: destination.allowed)
    }

    /// Returns the days to send, in order. A day that was sent and no longer has events is included. It is sent without
    /// lines, so the destination removes its figures.
    /// - Parameter fromStart: true returns every day, for a destination that has lost its data.
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
