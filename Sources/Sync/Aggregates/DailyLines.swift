import Core
package import Rollups
import Snapshots
import SystemSupport

/// The figures of a day as lines of text. Every kind of destination receives these bytes, and a dry run prints them.
///
/// A line has ClickHouse's format `TabSeparated`: a tab between two values, and a line feed at the end. The values are:
///
///     source          random id of the destination; snapshots and rows do not contain it
///     day             date in UTC
///     version         version of the day; the lines of a higher version replace the lines of a lower version
///     command, event_type, outcome, error_category, template
///                     the common properties of the events; empty if the events do not have the property
///     runs            number of events
///     total_ms        sum of their durations
///     buckets         the buckets of `LatencyScale` with a count above 0, shortest durations first, in brackets
///     counts          number of durations in each of these buckets, in the same order, in brackets
///
/// Equal figures give equal bytes, except for the version. A backslash escapes each backslash, tab or line feed in a
/// text.
package struct DailyLines: Equatable, Sendable {
    /// Names of the values in a line, in their order.
    package static let columns = [
        "source", "day", "version", "command", "event_type", "outcome", "error_category", "template", "runs",
        "total_ms",
        "buckets", "counts",
    ]

    /// The day's number since 1970, UTC.
    package let day: Int64
    /// The part of each line after the version, with its line feed.
    private let tails: [String]

    /// - Parameter allowed: the names that may leave; nil allows all names.
    package init(day: Int64, _ figures: [DailyFigures], allowed: AllowedNames?) {
        self.day = day
        let figures = DailyFigures.merged(figures) { allowed?.filtered($0) ?? $0 }
        tails = figures.map(Self.tail)
    }

    package var count: Int { tails.count }

    /// SHA-256 of the date, a line feed, and the part of each line after the version. It changes when the figures of
    /// the day change.
    package var checksum: String { Checksum.of(Array((Self.date(day) + "\n" + tails.joined()).utf8)) }

    /// Returns the lines with all their values.
    package func bytes(source: String, version: Int64) -> [UInt8] {
        let head = "\(source)\t\(Self.date(day))\t\(version)\t"
        return Array(tails.map { head + $0 }.joined().utf8)
    }

    /// Returns the date of a day, `2026-11-30`.
    package static func date(_ day: Int64) -> String {
        String(Timestamp.databaseText(day * Timestamp.millisecondsPerDay).prefix(10))
    }

    private static func tail(_ figures: DailyFigures) -> String {
        let key = figures.key
        let texts = [key.command, key.eventType, key.outcome.rawValue, key.errorCategory, key.template].map(escaped)
        var buckets: [String] = []
        var counts: [String] = []
        figures.latency.forEachCount { bucket, count in
            buckets.append(String(bucket))
            counts.append(String(count))
        }
        let values =
            texts + [
                String(figures.runs), String(figures.latency.sum), "[" + buckets.joined(separator: ",") + "]",
                "[" + counts.joined(separator: ",") + "]",
            ]
        return values.joined(separator: "\t") + "\n"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: #"\\"#).replacing("\t", with: #"\t"#).replacing("\n", with: #"\n"#)
    }
}
