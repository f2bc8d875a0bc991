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

    package var histories: [CommandHistory] = []
    package var divisions: [CorrelatedFactor.Division] = []
    package var failures: [Failures] = []
    /// The latest runs, in the order of time.
    package var runs: [RunRecord] = []
    /// Whether there were more runs than those.
    package var runsAreCut = false

    package init() {}
}
