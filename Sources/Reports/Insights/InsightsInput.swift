package import Core

/// The input of the search for findings. The search does not read the database itself, so that a test can supply its
/// own numbers.
package struct InsightsInput: Sendable {
    /// Failures of one command in one category.
    package struct Failures: Sendable, Equatable {
        package let command: String
        package let category: String
        package let count: Int
        /// The time of the first failure, in milliseconds since 1970.
        package let first: Int64
        /// The time of the last failure, in milliseconds since 1970.
        package let last: Int64

        package init(command: String, category: String, count: Int, first: Int64, last: Int64) {
            self.command = command
            self.category = category
            self.count = count
            self.first = first
            self.last = last
        }
    }

    /// The history of each compared command until the end of the window. Runs before the last change of the naming
    /// rules, or before the end of the last imported history, are left out.
    package var histories: [CommandHistory] = []
    /// The sums of each command in the window, as a history of one cell. Nil when `histories` covers only the window.
    package var totals: [CommandHistory]?
    /// The window, in milliseconds since 1970.
    package var window: Range<Int64> = 0..<Int64.max
    /// The commands and the workspace to search.
    package var filter = ReportFilter()
    package var divisions: [CorrelatedFactor.Division] = []
    package var failures: [Failures] = []
    /// The latest runs until the end of the window, in order of time.
    package var runs: [RunRecord] = []
    /// Whether `runs` lacks earlier runs because of a limit.
    package var runsAreCut = false

    package init() {}
}

/// One run of a command, with the fields for streaks and retries.
package struct RunRecord: Sendable {
    /// Milliseconds since 1970.
    package let timestamp: Int64
    package let session: String
    package let command: String
    package let success: Bool
    /// Zero when the event has no duration.
    package let durationMS: Int64

    package init(timestamp: Int64, session: String, command: String, success: Bool, durationMS: Int64) {
        self.timestamp = timestamp
        self.session = session
        self.command = command
        self.success = success
        self.durationMS = durationMS
    }
}

/// The runs of one command in order of time: the input of the search for changes.
package struct CommandHistory: Sendable {
    /// A 15-minute bucket, or a longer range, in which the command ran.
    package struct Cell: Sendable {
        /// The start of the range, in milliseconds since 1970.
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
    /// The cells in order of time.
    package let cells: [Cell]

    package init(command: String, cells: [Cell]) {
        self.command = command
        self.cells = cells
    }

    /// Returns all durations of a range of cells.
    func latency(_ range: Range<Int>) -> LatencyHistogram {
        var sum = LatencyHistogram()
        for cell in cells[range] { sum.merge(cell.latency) }
        return sum
    }

    /// Returns the outcomes in a range of cells.
    func outcomes(_ range: Range<Int>) -> Outcomes {
        cells[range].reduce(into: Outcomes()) { sum, cell in
            sum.succeeded += cell.succeeded
            sum.failed += cell.failed
        }
    }
}

/// Counts of runs by outcome.
package struct Outcomes: Equatable, Sendable {
    package var succeeded = 0
    package var failed = 0

    package init() {}

    /// The number of runs with an outcome.
    package var judged: Int { succeeded + failed }
    /// The share of runs that failed, from 0 to 1; nil when no run has an outcome.
    package var failureRate: Double? { judged == 0 ? nil : Double(failed) / Double(judged) }
}
