/// What was counted of the usage in a transaction, on its way to the table: everything that needs no database to be put in
/// order is done here.
struct UsageCounts: Sendable {
    /// How many events were counted.
    let events: Int
    /// By kind.
    private var cells: [UsageCells]
    /// What the places of each kind stand for.
    private let keys: [[RollupKey]]

    init(events: Int, cells: [UsageCells], keys: [[RollupKey]]) {
        self.events = events
        self.cells = cells
        self.keys = keys
    }

    /// Puts the counts in order, kind by kind, and hands out each part as it is done.
    func forEachPart(_ use: (RollupTable.Part) throws -> Void) rethrows {
        for (cells, keys) in zip(cells, keys) where !cells.isEmpty {
            if cells.kind.isKeptBySlot { try use(Self.part(of: cells, .slot, keys)) }
            try use(Self.part(of: cells.kind.isKeptBySlot ? cells.byDay() : cells, .day, keys))
        }
    }

    /// The cells without their content, for their room.
    consuming func emptiedCells() -> [UsageCells] {
        for index in cells.indices { cells[index].removeAll() }
        return cells
    }

    private static func part(of cells: UsageCells, _ grain: RollupGrain, _ keys: [RollupKey]) -> RollupTable.Part {
        let (changes, buckets) = cells.changes(grain, keys: keys)
        // Events come in order, most often: they have the day before them, and not the quarter of an hour.
        return RollupTable.Part(changes, buckets, areNew: grain == .slot)
    }
}
