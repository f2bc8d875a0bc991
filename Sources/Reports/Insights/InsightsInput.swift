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
