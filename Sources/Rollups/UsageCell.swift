package import Core
import Database

/// A property by which usage is counted.
package enum UsageDimension: CaseIterable, Sendable {
    /// The `command` of an event, whatever its type.
    case command
    /// The keyed hash of a workspace.
    case workspace
    /// The keyed hash of a task.
    case task
    case template
    case errorCategory
    case eventType
    /// `services_count`.
    case services
    /// `ports_used`.
    case ports

    var kind: RollupKind {
        switch self {
        case .command: .command
        case .workspace: .workspace
        case .task: .task
        case .template: .template
        case .errorCategory: .errorCategory
        case .eventType: .eventType
        case .services: .services
        case .ports: .ports
        }
    }

    /// The kind of names that the numbers of this dimension refer to; nil if the numbers are plain counts.
    var names: RollupNameKind? { kind.names.first ?? nil }
}

/// The counts of the events that have the same value of a property, like a row of `SELECT … GROUP BY`.
package struct UsageCell: Equatable, Sendable {
    /// The value of the property. For `services` and `ports` it is a number in decimal.
    package var name: String
    /// The number of events.
    package var count: Int
    /// The number of events that succeeded. An event without a result counts neither here nor in `failed`.
    package var succeeded: Int
    /// The number of events that failed.
    package var failed: Int
    /// Sum of the durations, in milliseconds. An event without a duration and an interrupted run add nothing.
    package var totalMS: Int64
    /// The durations of the events, if the events are counted by command; empty otherwise.
    package var latency: LatencyHistogram

    package init(
        name: String, count: Int = 0, succeeded: Int = 0, failed: Int = 0, totalMS: Int64 = 0,
        latency: LatencyHistogram = LatencyHistogram()
    ) {
        self.name = name
        self.count = count
        self.succeeded = succeeded
        self.failed = failed
        self.totalMS = totalMS
        self.latency = latency
    }

    /// Adds the counts of another cell.
    package mutating func add(_ other: UsageCell) {
        count += other.count
        succeeded += other.succeeded
        failed += other.failed
        totalMS = RollupNumbers.sum(totalMS, other.totalMS)
        latency.merge(other.latency)
    }

    init(name: String, _ sum: UsageReading.Sum) {
        self.init(
            name: name, count: Int(sum.numbers.count), succeeded: Int(sum.numbers.succeeded),
            failed: Int(sum.numbers.failed), totalMS: sum.numbers.totalMS, latency: sum.latency)
    }
}

/// The counts of the events of one command that have one correlated factor.
package struct CorrelatedCell: Equatable, Sendable {
    package let command: String
    /// The counts. The name of this cell is the value of the factor: a template, or a number of services or ports.
    package private(set) var cell: UsageCell

    /// The identifying fields.
    struct Name: Hashable {
        let command: String
        let factor: String
    }

    var id: Name { Name(command: command, factor: cell.name) }

    /// Adds the counts of another cell of the same command and factor.
    mutating func add(_ other: CorrelatedCell) { cell.add(other.cell) }

    /// Returns the cells in order, the most frequent first.
    static func ordered(_ cells: some Sequence<CorrelatedCell>) -> [CorrelatedCell] {
        cells.sorted { ($1.cell.count, $0.command, $0.cell.name) < ($0.cell.count, $1.command, $1.cell.name) }
    }
}

/// Failed events of one command and one error category.
package struct FailureCell: Equatable, Sendable {
    /// Nil for events without a command.
    package let command: String?
    /// Nil for failures without an error category.
    package let category: String?
    package let count: Int
    /// Sum of the durations of these events, in milliseconds.
    package let totalMS: Int64
    /// The time of the earliest of these events, in milliseconds since 1970.
    package let firstSeen: Int64
    /// The time of the latest of these events, in milliseconds since 1970.
    package let lastSeen: Int64

    /// The identifying fields.
    struct Name: Hashable {
        let command: String?
        let category: String?
    }

    var id: Name { Name(command: command, category: category) }

    /// Returns the sum of this cell and another cell of the same command and category.
    func adding(_ other: FailureCell) -> FailureCell {
        FailureCell(
            command: command, category: category, count: count + other.count,
            totalMS: RollupNumbers.sum(totalMS, other.totalMS), firstSeen: min(firstSeen, other.firstSeen),
            lastSeen: max(lastSeen, other.lastSeen))
    }

    /// Returns the cells in order, the most frequent first.
    static func ordered(_ cells: some Sequence<FailureCell>) -> [FailureCell] {
        cells.sorted { ($1.count, $0.firstSeen, $0.command ?? "") < ($0.count, $1.firstSeen, $1.command ?? "") }
    }
}

/// The counts of one name (a value of a dimension) over time.
package struct UsageHistory: Equatable, Sendable {
    package let name: String
    /// The periods with events, in the order of time.
    package var points: [Point]

    /// Returns histories in order, most events first.
    static func ordered(_ histories: [UsageHistory]) -> [UsageHistory] {
        histories.map { ($0.points.reduce(0) { $0 + $1.cell.count }, $0) }
            .sorted { ($1.0, $0.1.name) < ($0.0, $1.1.name) }
            .map(\.1)
    }

    /// The counts of one 15-minute bucket or one UTC day.
    package struct Point: Equatable, Sendable {
        /// The start of the period, in milliseconds since 1970.
        package let start: Int64
        /// The counts. The name of this cell is empty.
        package let cell: UsageCell
    }
}
