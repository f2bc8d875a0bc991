import Core
import Database
import Rollups
import SystemSupport

/// The activity of one command over time: the values of its charts.
struct CommandSeries: Sendable {
    /// One run. Its start is exact to the 15-minute bucket, and its duration to 1 %.
    struct Run: Equatable, Sendable {
        /// Milliseconds since 1970.
        let start: Int64
        let milliseconds: Double
    }

    let name: String
    /// The figures of each column.
    private(set) var cells: [UsageCell]
    /// The number of runs in each of the 7 times 24 hours of the week, beginning with Monday. Nil if hours were not
    /// requested, or if columns contain several days.
    private(set) var hours: [Int]?
    /// The single runs with a duration. Nil if there are too many to distinguish, or if columns contain several days.
    private(set) var runs: [Run]?
    /// Failures by category in each column, the most frequent category first. Failures without a category have an empty
    /// name.
    private(set) var failures: [(category: String, counts: [Int])] = []

    /// A chart draws single runs only if the command has fewer runs than this number.
    static let mostRuns = 500
    private static let hoursOfWeek = 7 * 24

    /// - Parameter hasHours: whether runs are counted by hour of the week. This count takes as long as all other
    ///   figures together.
    init(_ history: UsageHistory, _ columns: ChartColumns, hasHours: Bool = true) {
        name = history.name
        cells = [UsageCell](repeating: UsageCell(name: history.name), count: columns.count)
        hours = columns.isOfWholeDays || !hasHours ? nil : [Int](repeating: 0, count: Self.hoursOfWeek)
        for point in history.points {
            guard let column = columns.index(of: point.start) else { continue }
            cells[column].add(point.cell)
            if hours != nil { hours?[Self.hourOfWeek(point.start)] += point.cell.count }
        }
        let timed = cells.reduce(0) { $0 + $1.latency.count }
        guard !columns.isOfWholeDays, timed < Self.mostRuns else { return }
        runs = history.points.filter { columns.index(of: $0.start) != nil }.flatMap { point in
            point.cell.latency.buckets.flatMap { bucket in
                Array(repeating: Run(start: point.start, milliseconds: bucket.middle), count: bucket.count)
            }
        }
    }

    /// Sets the failures of the command. `histories` are the failure histories of this command.
    mutating func add(_ histories: [FailureHistory], _ columns: ChartColumns) {
        failures = Self.failures(histories, columns)
    }

    /// Returns the failures in each column by category, the most frequent category first.
    static func failures(
        _ histories: [FailureHistory], _ columns: ChartColumns
    ) -> [(category: String, counts: [Int])] {
        var counts: [String: [Int]] = [:]
        for history in histories {
            for point in history.points {
                guard let column = columns.index(of: point.start) else { continue }
                counts[history.category ?? "", default: [Int](repeating: 0, count: columns.count)][column] +=
                    point.count
            }
        }
        return counts.map { ($0.key, $0.value, $0.value.reduce(0, +)) }
            .sorted { ($1.2, $0.0) < ($0.2, $1.0) }.map { ($0.0, $0.1) }
    }

    /// The sum of the figures of all columns.
    var total: UsageCell { cells.reduce(into: UsageCell(name: name)) { $0.add($1) } }

    private static func hourOfWeek(_ time: Int64) -> Int {
        let day = LocalCalendar.day(of: time)
        // 1970-01-01 was a Thursday.
        let number = Timestamp.dayNumber(year: Int64(day.year), month: Int64(day.month), day: Int64(day.day))
        return Int((number + 3) % 7) * 24 + LocalCalendar.hour(of: time)
    }
}
