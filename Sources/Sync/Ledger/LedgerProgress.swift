/// The progress of each destination, computed from the ledger. The ledger is the only record of the progress.
///
/// The database does not store the id of the last sent row. To store it, a run would need the writer lock, and ledger
/// and database could disagree. Therefore the ledger, which the user can read, also decides which rows are sent next.
package struct LedgerProgress: Equatable, Sendable {
    /// A destination and the id of a database. Row ids are valid in one database only. Therefore a new database is sent
    /// from its first row.
    private struct Place: Hashable {
        let destination: String
        let store: String
    }

    private struct State: Equatable {
        /// The id of the last row that the destination confirmed; 0 if it confirmed no row.
        var cursor: Int64 = 0
        /// The attempts to send the range that is not confirmed yet, oldest first.
        var unconfirmed: [Transfer] = []
    }

    /// The state of a day of aggregates at a destination.
    package struct SentDay: Equatable, Sendable {
        /// The checksum of the last attempt (see `DailyLines.checksum`).
        package let checksum: String
        package let lines: Int
        package let version: Int64
        /// Whether the destination confirmed the last attempt. If false, the destination may have the lines of this
        /// attempt or of an earlier attempt.
        package let isConfirmed: Bool
    }

    private var places: [Place: State] = [:]
    /// The days of aggregates of each destination. The outer key is the random id of the destination, and the inner key
    /// is the day's number since 1970.
    private var days: [String: [Int64: SentDay]] = [:]

    package init() {}

    /// Updates the progress with the next line of the ledger.
    package mutating func observe(_ entry: LedgerEntry) {
        let transfer = entry.transfer
        if let version = entry.version {
            days[transfer.installation, default: [:]][transfer.range.lowerBound] = SentDay(
                checksum: transfer.sha256, lines: transfer.rows, version: version, isConfirmed: entry.event == .sent)
            return
        }
        let place = Place(destination: transfer.destination, store: transfer.store)
        var state = places[place] ?? State()
        switch entry.event {
        case .intent:
            if state.unconfirmed.last?.range != transfer.range { state.unconfirmed.removeAll() }
            state.unconfirmed.append(transfer)
        case .sent:
            // The cursor does not move back when a run with `fromStart` sends the rows before the cursor again.
            state.cursor = max(state.cursor, transfer.range.upperBound)
            state.unconfirmed.removeAll()
        }
        places[place] = state
    }

    /// Returns the id of the last row that a destination confirmed; 0 if it confirmed no row of this database.
    package func cursor(of destination: String, store: String) -> Int64 {
        places[Place(destination: destination, store: store)]?.cursor ?? 0
    }

    /// Returns the last attempt for each day of aggregates, confirmed or not. `source` is the random id of the
    /// destination. The keys are the days' numbers since 1970.
    package func days(of source: String) -> [Int64: SentDay] { days[source] ?? [:] }

    /// Returns the attempts to send a range that the destination has not confirmed, oldest first. Empty if it confirmed
    /// every sent range. Any attempt may have arrived, so the same range has to be sent again before the next range.
    package func unconfirmed(at destination: String, store: String) -> [Transfer] {
        places[Place(destination: destination, store: store)]?.unconfirmed ?? []
    }
}

/// The transfers that the ledger records. An intent and its confirmation are one transfer.
package struct TransferLog: Sendable {
    package struct Item: Equatable, Sendable {
        /// The time of the confirmation, or of the intent if the transfer is unconfirmed; RFC 3339.
        package let at: String
        package let transfer: Transfer
        package let isConfirmed: Bool
    }

    /// Identifies an unconfirmed transfer. A destination has at most one unconfirmed range of rows, but it may have
    /// many unconfirmed days of aggregates.
    private struct Place: Hashable {
        let destination: String
        /// The day's number since 1970; nil for a range of rows.
        let day: Int64?

        init(_ entry: LedgerEntry) {
            destination = entry.destination
            day = entry.version == nil ? nil : entry.first
        }
    }

    private var items: [Item] = []
    /// The transfers that have an intent and no confirmation yet.
    private var open: [Place: Item] = [:]

    package init() {}

    /// Adds the next line of the ledger.
    package mutating func observe(_ entry: LedgerEntry) {
        let item = Item(at: entry.at, transfer: entry.transfer, isConfirmed: entry.event == .sent)
        let place = Place(entry)
        let begun = open.removeValue(forKey: place)
        if entry.event == .intent {
            if let begun { items.append(begun) }
            open[place] = item
        } else {
            items.append(item)
        }
    }

    /// Returns all transfers in the order of the ledger. Transfers that still wait for a confirmation come last.
    package func finished() -> [Item] { items + open.values.sorted { $0.at < $1.at } }
}
