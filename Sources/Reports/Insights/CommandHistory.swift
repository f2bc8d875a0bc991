package import Core

/// What one command did in the order of time: the input of the search for changes.
package struct CommandHistory: Sendable {
    /// A quarter of an hour, or a longer stretch, in which the command ran.
    package struct Cell: Sendable {
        /// When it begins, in milliseconds since 1970.
        package let start: Int64
        package let succeeded: Int
        package let failed: Int
        package let latency: LatencyHistogram

        package init(start: Int64, succeeded: Int, failed: Int, latency: LatencyHistogram) {
            self.start = start
            self.succeeded = succeeded
            self.failed = failed
            self.latency = latency
        }
    }

    package let command: String
    /// In the order of time.
    package let cells: [Cell]

    package init(command: String, cells: [Cell]) {
        self.command = command
        self.cells = cells
    }

    /// All durations of a stretch of cells.
    func latency(_ stretch: Range<Int>) -> LatencyHistogram {
        var sum = LatencyHistogram()
        for cell in cells[stretch] { sum.merge(cell.latency) }
        return sum
    }

    /// How often it succeeded and failed in a stretch of cells.
    func outcomes(_ stretch: Range<Int>) -> Outcomes {
        cells[stretch].reduce(into: Outcomes()) { sum, cell in
            sum.succeeded += cell.succeeded
            sum.failed += cell.failed
        }
    }
}

/// Counts of runs by how they ended.
package struct Outcomes: Equatable, Sendable {
    package var succeeded = 0
    package var failed = 0

    package init() {}

    package var judged: Int { succeeded + failed }
    /// The share that failed, from 0 to 1; nil when no run says how it ended.
    package var failureRate: Double? { judged == 0 ? nil : Double(failed) / Double(judged) }
}
