import Core
import Rollups
import SystemSupport

/// A question about the aggregates on a server, as SQL for ClickHouse 18.16 or later.
///
/// The server sums over installations, so that the answer does not grow with their number. The answer has a line for
/// each day, command, event type, outcome, error category and template:
///
///     source    id of the installation's aggregates, as in `DailyLines`; empty if installations are summed
///     day       number since 1970
///     command, event_type, outcome, error_category, template, runs, total_ms, buckets, counts   as in `DailyLines`
package struct ServerQuestion: Equatable, Sendable {
    /// The requested figures. The server spends most of its time on adding up latency buckets. Therefore a report on
    /// a range of days asks for the counts of each day, and only once for the durations of all days.
    package enum Part: Sendable {
        /// Counts and durations of each day.
        case days
        /// Counts and total times of each day, without buckets.
        case counts
        /// The latency buckets of all days together. Each line has the last day on which its combination of command,
        /// event type and so on occurred. The number of events and their total time are 0.
        case durations
    }

    package var part = Part.days
    /// The number since 1970 of the first day to read; nil means no limit.
    package var firstDay: Int64?
    /// The number since 1970 of the last day to read; nil means no limit.
    package var lastDay: Int64?
    /// The words with which the commands to read begin; nil selects all commands.
    package var command: String?
    package var isFailedOnly = false
    /// The beginning of the `source` of the installation to read; nil selects all installations.
    package var installation: String?
    /// The number of installations that must have a name (a command, error category or template) in the days of the
    /// whole report. `(other)` replaces every name that fewer installations have.
    package var leastInstallations = 1
    /// The number since 1970 of the first day of the whole report; nil means no limit.
    package var firstDayOfReport: Int64?
    /// The number since 1970 of the last day of the whole report; nil means no limit.
    package var lastDayOfReport: Int64?
    /// Whether the answer has separate lines for each installation. These lines have `command` as their command, and an
    /// empty text if `command` is nil.
    package var isByInstallation = false

    package init() {}

    /// Returns the SQL query for the tables of a database.
    func sql(in database: Destination.Identifier) -> String {
        // Percentiles over different commands have no meaning. Therefore only the sum of the durations is read for each
        // installation.
        let keys =
            isByInstallation
            ? ["source AS s", "event_type AS e", "outcome AS o"]
            : [
                "\(name("command", database)) AS c", "event_type AS e", "outcome AS o",
                "\(name("error_category", database)) AS f", "\(name("template", database)) AS t",
            ]
        let names = isByInstallation ? "s, d, \(literal(command ?? "")), e, o, '', ''" : "'', d, c, e, o, f, t"
        let hasBuckets = part != .counts && !isByInstallation
        let buckets = hasBuckets ? "tupleElement(m, 1), tupleElement(m, 2)" : "'[]', '[]'"
        let sums =
            (part == .durations ? ["0 AS r", "0 AS l"] : ["sum(runs) AS r", "sum(total_ms) AS l"])
            + (hasBuckets ? ["sumMap(buckets, counts) AS m"] : [])
        let day = part == .durations ? "toUInt16(max(day)) AS d" : "toUInt16(day) AS d"
        let group = (part == .durations ? "" : "d, ") + (isByInstallation ? "s, e, o" : "c, e, o, f, t")
        return """
            SELECT \(names), r, l, \(buckets) FROM (SELECT \(day), \(keys.joined(separator: ", ")), \
            \(sums.joined(separator: ", ")) FROM \(table(database)) FINAL \
            WHERE \(conditions(in: database, isFiltered: true)) GROUP BY \(group)) ORDER BY d
            """
    }

    private func table(_ database: Destination.Identifier) -> String {
        "\(database.text).\(ClickHouseDayTarget.lines)"
    }

    /// Returns a query for the ids that begin with `installation`. Two ids are enough to know that the beginning is
    /// ambiguous.
    func sqlOfInstallations(in database: Destination.Identifier) -> String {
        """
        SELECT DISTINCT source FROM \(database.text).\(ClickHouseDayTarget.versions) \
        WHERE \(startsWith("source", installation ?? "")) LIMIT 2
        """
    }

    /// Returns an SQL expression for the values of a column. `(other)` replaces a value that fewer than
    /// `leastInstallations` installations have.
    private func name(_ column: String, _ database: Destination.Identifier) -> String {
        guard leastInstallations > 1 else { return column }
        return """
            if(\(column) = '' OR \(column) IN (SELECT \(column) FROM \(table(database)) FINAL \
            WHERE \(conditions(in: database, isFiltered: false)) GROUP BY \(column) \
            HAVING uniqExact(source) >= \(leastInstallations)), \(column), '\(AllowedNames.other)')
            """
    }

    /// Returns the SQL condition that selects lines of the current version of each day. If `isFiltered` is true, the
    /// condition selects the lines that match this question; otherwise, all lines in the days of the whole report.
    private func conditions(in database: Destination.Identifier, isFiltered: Bool) -> String {
        var outer: [String] = []
        var inner: [String] = []
        let days = isFiltered ? (firstDay, lastDay) : (firstDayOfReport, lastDayOfReport)
        for (day, comparison) in [(days.0, ">="), (days.1, "<=")] {
            guard let day else { continue }
            let limit = "day \(comparison) toDate('\(DailyLines.date(day))')"
            outer.append(limit)
            inner.append(limit)
        }
        if isFiltered {
            if let installation {
                outer.append(startsWith("source", installation))
                inner.append(startsWith("source", installation))
            }
            if let command {
                let line = command + EventType.lineSuffix
                outer.append(
                    "(command = \(literal(command)) OR command = \(literal(line)) OR \(startsWith("command", command + " ")))"
                )
            }
            if isFailedOnly { outer.append("outcome = '\(DailyFigures.Outcome.failed.rawValue)'") }
        }
        let which = inner.isEmpty ? "" : " WHERE " + inner.joined(separator: " AND ")
        let versions = """
            (source, day, version) IN (SELECT source, day, max(version) FROM \
            \(database.text).\(ClickHouseDayTarget.versions)\(which) GROUP BY source, day)
            """
        return ([versions] + outer).joined(separator: " AND ")
    }

    private func startsWith(_ column: String, _ text: String) -> String {
        "substring(\(column), 1, \(text.utf8.count)) = \(literal(text))"
    }

    /// Returns a text as an SQL literal. ClickHouse treats a backslash before any character as an escape.
    private func literal(_ text: String) -> String {
        "'" + text.replacing("\\", with: #"\\"#).replacing("'", with: #"\'"#) + "'"
    }
}

/// A line of the answer to a `ServerQuestion`.
struct ServerLine: Equatable {
    let installation: String
    /// The day's number since 1970.
    let day: Int64
    let figures: DailyFigures

    /// Parses a line, without its line feed. Nil if a field is missing or invalid. The server is untrusted, so each
    /// number has a limit.
    init?(_ line: Span<UInt8>) {
        var fields: [Range<Int>] = []
        var start = 0
        while let end = line.firstIndex(of: UInt8(ascii: "\t"), from: start) {
            fields.append(start..<end)
            start = end + 1
        }
        fields.append(start..<line.count)
        guard fields.count == 11 else { return nil }
        var texts: [String] = []
        for field in [0, 2, 3, 4, 5, 6] { texts.append(Self.text(line.extracting(fields[field]))) }
        guard let day = Self.number(line.extracting(fields[1]), atMost: 1 << 20),
            let outcome = DailyFigures.Outcome(rawValue: texts[3]),
            let runs = Self.number(line.extracting(fields[7]), atMost: Self.mostRuns),
            let total = Self.number(line.extracting(fields[8]), atMost: Self.mostMilliseconds),
            let latency = Self.latency(
                sum: total, line.extracting(fields[9]), line.extracting(fields[10]))
        else { return nil }
        installation = texts[0]
        self.day = Int64(day)
        figures = DailyFigures(
            key: .init(
                command: texts[1], eventType: texts[2], outcome: outcome, errorCategory: texts[4], template: texts[5]),
            runs: Int(runs), latency: latency)
    }

    /// The highest number of runs that a line may contain, in all or in a bucket. A sum of numbers overflows only after
    /// more than a hundred million lines.
    private static let mostRuns: UInt64 = 1 << 36
    /// The highest sum of durations that a line may contain, in milliseconds. Sums of durations are limited and cannot
    /// overflow.
    private static let mostMilliseconds: UInt64 = 1 << 60

    /// Returns the histogram of a list of buckets and a list of counts, such as `[1,5]`. Nil when a list is invalid or
    /// the lengths differ.
    private static func latency(
        sum: UInt64, _ buckets: Span<UInt8>, _ counts: Span<UInt8>
    ) -> LatencyHistogram? {
        guard let buckets = list(buckets), let counts = list(counts), buckets.count == counts.count else { return nil }
        var bytes: [UInt8] = []
        bytes.append(varint: sum)
        var previous: UInt64 = 0
        for (index, bucket) in buckets.enumerated() {
            guard index == 0 || bucket > previous else { return nil }
            bytes.append(varint: bucket - previous)
            bytes.append(varint: counts[index])
            previous = bucket
        }
        return LatencyHistogram(encoded: bytes.span)
    }

    private static func list(_ text: Span<UInt8>) -> [UInt64]? {
        guard text.count >= 2, text[0] == UInt8(ascii: "["), text[text.count - 1] == UInt8(ascii: "]") else {
            return nil
        }
        var numbers: [UInt64] = []
        guard text.count > 2 else { return numbers }
        var start = 1
        while start < text.count {
            let end = text.firstIndex(of: UInt8(ascii: ","), from: start) ?? text.count - 1
            guard let number = number(text.extracting(start..<end), atMost: mostRuns) else { return nil }
            numbers.append(number)
            start = end + 1
        }
        return numbers
    }

    private static func number(_ text: Span<UInt8>, atMost limit: UInt64) -> UInt64? {
        guard (1...20).contains(text.count) else { return nil }
        var number: UInt64 = 0
        for index in text.indices {
            guard (48...57).contains(text[index]) else { return nil }
            let (product, overflows) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = product.addingReportingOverflow(UInt64(text[index] - 48))
            guard !overflows, !overflowsToo else { return nil }
            number = sum
        }
        return number <= limit ? number : nil
    }

    /// Returns a text without the escapes of `TabSeparated`.
    private static func text(_ field: Span<UInt8>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(field.count)
        var index = 0
        while index < field.count {
            var byte = field[index]
            index += 1
            if byte == UInt8(ascii: "\\"), index < field.count {
                byte = escapes[field[index]] ?? field[index]
                index += 1
            }
            bytes.append(byte)
        }
        return bytes.text
    }

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9,
        UInt8(ascii: "0"): 0,
    ]
}
