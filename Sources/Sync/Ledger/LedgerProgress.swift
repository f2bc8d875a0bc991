/// What the ledger says has been sent: the one place where it is kept how far each destination has got.
///
/// The cursor is not in the database, as only the holder of the writer lock writes that, and because two databases on one
/// thing can disagree: what the ledger shows a person is what decides what goes next.
package struct LedgerProgress: Equatable, Sendable {
    /// Row ids are those of one database; a new database begins anew.
    private struct Place: Hashable {
        let destination: String
        let store: String
    }

    private struct State: Equatable {
        var cursor: Int64 = 0
        var unconfirmed: [Transfer] = []
    }

    private var places: [Place: State] = [:]

    package init() {}

    /// Takes the lines in their order.
    package mutating func observe(_ entry: LedgerEntry) {
        let transfer = entry.transfer
        let place = Place(destination: transfer.destination, store: transfer.store)
        var state = places[place] ?? State()
        switch entry.event {
        case .intent:
            if state.unconfirmed.last?.range != transfer.range { state.unconfirmed.removeAll() }
            state.unconfirmed.append(transfer)
        case .sent:
            // Sending again from the start comes past ranges that are there already.
            state.cursor = max(state.cursor, transfer.range.upperBound)
            state.unconfirmed.removeAll()
        }
        places[place] = state
    }

    /// Id of the last row of this database that the destination has; 0 when it has none.
    package func cursor(of destination: String, store: String) -> Int64 {
        places[Place(destination: destination, store: store)]?.cursor ?? 0
    }

    /// The attempts on the range that was begun last and never confirmed, oldest first. Any of them may have arrived,
    /// so the same range has to go again, and nothing else before it.
    package func unconfirmed(at destination: String, store: String) -> [Transfer] {
        places[Place(destination: destination, store: store)]?.unconfirmed ?? []
    }
}
