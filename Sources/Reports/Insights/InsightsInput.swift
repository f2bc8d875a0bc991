package import Core

/// What the findings are looked for in. Reading it is another's job: the search is the same on a test's numbers.
package struct InsightsInput: Sendable {
    /// Failures of one command for one reason.
    package struct Failures: Sendable, Equatable {
        package let command: String
        package let category: String
        package let count: Int
        /// The first and the last time, to the quarter of an hour, in milliseconds since 1970.
        package let first: Int64
        package let last: Int64

        package init(command: String, category: String, count: Int, first: Int64, last: Int64) {
            self.command = command
            self.category = category
            self.count = count
            self.first = first
            self.last = last
        }
    }

    /// What each command did from the beginning to the end of the window.
    package var histories: [CommandHistory] = []
    /// What each command did in the window, in one cell; nil where the histories are all of the window.
    package var totals: [CommandHistory]?
    /// The window, in milliseconds since 1970.
    package var window: Range<Int64> = 0..<Int64.max
    /// The commands and the workspace that are searched.
    package var filter = ReportFilter()
    package var divisions: [CorrelatedFactor.Division] = []
    package var failures: [Failures] = []
    /// The latest runs until the end of the window, in the order of time.
    package var runs: [RunRecord] = []
    /// Whether there were more runs than those.
    package var runsAreCut = false

    package init() {}
}

/// One run of a command, as far as streaks and retries ask.
package struct RunRecord: Sendable {
    /// Milliseconds since 1970.
    package let timestamp: Int64
    package let session: String
    package let command: String
    package let success: Bool
    /// Zero when the event does not say.
    package let durationMS: Int64

    package init(timestamp: Int64, session: String, command: String, success: Bool, durationMS: Int64) {
        self.timestamp = timestamp
        self.session = session
        self.command = command
        self.success = success
        self.durationMS = durationMS
    }
}

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
