/// The ledger's lines as transfers: each once, confirmed or not.
package struct TransferLog: Sendable {
    package struct Item: Equatable, Sendable {
        /// When it was confirmed, or begun where it was not; RFC 3339.
        package let at: String
        package let transfer: Transfer
        package let isConfirmed: Bool
    }

    private var items: [Item] = []
    /// What was begun and not confirmed yet, by destination: one thing at a time goes to each.
    private var open: [String: Item] = [:]

    package init() {}

    /// Takes the lines in their order.
    package mutating func observe(_ entry: LedgerEntry) {
        let item = Item(at: entry.at, transfer: entry.transfer, isConfirmed: entry.event == .sent)
        let begun = open.removeValue(forKey: entry.destination)
        if entry.event == .intent {
            if let begun { items.append(begun) }
            open[entry.destination] = item
        } else {
            items.append(item)
        }
    }

    /// All there are, in the order in which they ended.
    package func finished() -> [Item] { items + open.values.sorted { $0.at < $1.at } }
}
