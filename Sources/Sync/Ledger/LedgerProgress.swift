/// The progress of each destination, computed from the ledger. The ledger is the only record of the progress.
///
/// The database does not store the cursor, because only the holder of the writer lock can write there, and two records
/// could disagree. So the ledger that the user can read also decides which rows are sent next.
package struct LedgerProgress: Equatable, Sendable {
    /// Row ids are valid in one database only, so a new database is sent from its first row.
    private struct Place: Hashable {
        let destination: String
        let store: String
    }

    private struct State: Equatable {
        var cursor: Int64 = 0
        var unconfirmed: [Transfer] = []
    }

    /// The state of a day of aggregates at a destination.
    package struct SentDay: Equatable, Sendable {
        /// The checksum of the last attempt (see `DailyLines.checksum`).
        package let checksum: String
        package let lines: Int
        package let version: Int64
        /// Whether the destination confirmed that attempt. Until then the destination may have any attempt since the
        /// last confirmed attempt.
        package let isConfirmed: Bool
    }

    private var places: [Place: State] = [:]
    /// For the random id of each destination, its days of aggregates by their number since 1970.
    private var days: [String: [Int64: SentDay]] = [:]

    package init() {}

    /// Observes the lines in their order.
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
            // A run that starts from the first row again confirms ranges below the cursor.
            state.cursor = max(state.cursor, transfer.range.upperBound)
            state.unconfirmed.removeAll()
        }
        places[place] = state
    }

    /// Returns the id of the last row of this database that the destination has; 0 when it has none.
    package func cursor(of destination: String, store: String) -> Int64 {
        places[Place(destination: destination, store: store)]?.cursor ?? 0
    }

    /// Returns the days of aggregates that were sent, or begun, under the random id of a destination, by their number since
    /// 1970.
    package func days(of source: String) -> [Int64: SentDay] { days[source] ?? [:] }

    /// Returns the attempts on the range that was begun last and never confirmed, oldest first. Any of them may have arrived,
    /// so the same range has to be sent again before any other range.
    package func unconfirmed(at destination: String, store: String) -> [Transfer] {
        places[Place(destination: destination, store: store)]?.unconfirmed ?? []
    }
}

/// The transfers that the ledger records: each transfer once, confirmed or not.
package struct TransferLog: Sendable {
    package struct Item: Equatable, Sendable {
        /// The time at which the transfer was confirmed, or begun if it is unconfirmed; RFC 3339.
        package let at: String
        package let transfer: Transfer
        package let isConfirmed: Bool
    }

    /// The key of an unfinished transfer. A destination is sent one range of rows at a time, but many days of
    /// aggregates at once.
    private struct Place: Hashable {
        let destination: String
        let day: Int64?

        init(_ entry: LedgerEntry) {
            destination = entry.destination
            day = entry.version == nil ? nil : entry.first
        }
    }

    private var items: [Item] = []
    /// The transfers that were begun and not confirmed yet.
    private var open: [Place: Item] = [:]

    package init() {}

    /// Observes the lines in their order.
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

    /// Returns all transfers, in the order in which they ended.
    package func finished() -> [Item] { items + open.values.sorted { $0.at < $1.at } }
}
