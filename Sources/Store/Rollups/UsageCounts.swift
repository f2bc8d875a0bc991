/// What was counted of the usage in a transaction, on its way to the table: everything that needs no database to be put in
/// order is done here.
struct UsageCounts: Sendable {
    private var columns: UsageColumns
    /// What the places of each kind stand for.
    private let keys: [[RollupKey]]

    init(columns: UsageColumns, keys: [[RollupKey]]) {
        self.columns = columns
        self.keys = keys
    }

    /// How many events were counted.
    var events: Int { columns.events.count }

    /// Puts the counts in order, kind by kind, and hands out each part as it is done.
    func forEachPart(_ use: (RollupTable.Part) throws -> Void) rethrows {
        guard !columns.isEmpty else { return }
        for kind in RollupKind.allCases {
            let keys = keys[Int(kind.rawValue)]
            let cells = columns.cells(of: kind, places: keys.count)
            guard !cells.isEmpty else { continue }
            if kind.isKeptBySlot { try use(Self.part(of: cells, .slot, kind, keys)) }
            try use(Self.part(of: cells.byDay(), .day, kind, keys))
        }
    }

    /// The columns without their content, for their room.
    consuming func emptiedColumns() -> UsageColumns {
        columns.removeAll()
        return columns
    }

    private static func part(
        of cells: UsageCells, _ grain: RollupGrain, _ kind: RollupKind, _ keys: [RollupKey]
    ) -> RollupTable.Part {
        let (changes, buckets) = cells.changes(grain, kind) { keys[$0] }
        // Events come in order, most often: they have the day before them, and not the quarter of an hour.
        return RollupTable.Part(changes, buckets, areNew: grain == .slot)
    }
}
