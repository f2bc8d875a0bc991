import Core
import Database
package import SystemSupport

/// Assigns the days of a server's aggregates to days in the local time zone.
///
/// A server has sums of whole days in UTC. A report shows each sum under its UTC date: the sum of 23 November in UTC
/// appears as 23 November in the local time zone. The sum is counted in the 15-minute bucket that contains noon of this
/// date in the local time zone.
package enum ServerDays {
    /// Returns the number of the 15-minute bucket to which the sum of a UTC day is assigned. Buckets and days are
    /// numbered from 1970.
    package static func bucket(of day: Int64) -> Int64 {
        let text = Timestamp.databaseText(day * Timestamp.millisecondsPerDay).prefix(10)
        guard let date = LocalCalendar.Day(String(text)) else { return day * TimeBucket.perDay }
        return TimeBucket.containing(max(0, LocalCalendar.start(of: date) + Timestamp.millisecondsPerDay / 2))
    }

    /// Returns the first and the last day of a range of time, each as the number of days since 1970. The range is in
    /// milliseconds since 1970. The first day is nil if the range has an open start. The last day is nil if the range
    /// has an open end.
    package static func days(of range: Range<Int64>) -> (first: Int64?, last: Int64?) {
        (
            range.lowerBound <= 0 ? nil : number(of: LocalCalendar.day(of: range.lowerBound)),
            range.upperBound > Limits.latestTimestamp
                ? nil : number(of: LocalCalendar.day(of: max(range.lowerBound, range.upperBound - 1)))
        )
    }

    private static func number(of day: LocalCalendar.Day) -> Int64 {
        Timestamp.dayNumber(year: Int64(day.year), month: Int64(day.month), day: Int64(day.day))
    }

    /// Returns the last instant of the current day, in milliseconds since 1970. Reports on a server use this instant as
    /// the current time. They then compare whole days with whole days, because a server has no sums of partial days.
    package static func endOfToday(now: Int64) -> Int64 {
        LocalCalendar.start(of: LocalCalendar.day(of: now), plusDays: 1) - 1
    }

    /// Throws for a window that does not consist of whole days.
    package static func require(_ window: ReportWindow) throws(NotOnServers) {
        guard window.isOfWholeDays else { throw NotOnServers("a part of a day") }
    }

    /// Throws for a list that a server has no figures for.
    package static func require(_ kind: UsageBreakdown.Kind?) throws(NotOnServers) {
        if let kind, !kind.isOnServers { throw NotOnServers("by \(kind.rawValue)") }
    }
}

/// The error for a report that the aggregates on a server cannot answer.
package struct NotOnServers: ReportedError, Equatable {
    private let what: String

    /// - Parameter what: the requested part that a server lacks, as in "by session".
    package init(_ what: String) {
        self.what = what
    }

    package var exitCode: ExitCode { .usage }

    package var description: String {
        "cannot report \(what) from a server: a server has only sums of whole days by command, outcome, error "
            + "category and template; leave that out, or report from the data folder"
    }
}
