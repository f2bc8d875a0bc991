import Core
import Database
package import SystemSupport

/// The days of the aggregates on a server in the reader's calendar.
///
/// A server has sums of whole days in UTC. Reports show each under its date: the reader's 23 November is that of UTC. A day is
/// counted in the 15-minute bucket at noon of that date in the reader's time zone.
package enum ServerDays {
    /// Returns the 15-minute bucket that counts a day (its number since 1970).
    package static func bucket(of day: Int64) -> Int64 {
        let text = Timestamp.databaseText(day * Timestamp.millisecondsPerDay).prefix(10)
        guard let date = LocalCalendar.Day(String(text)) else { return day * TimeBucket.perDay }
        return TimeBucket.containing(max(0, LocalCalendar.start(of: date) + Timestamp.millisecondsPerDay / 2))
    }

    /// Returns the first and the last day (numbers since 1970) of a range of time, in milliseconds since 1970; nil where it has
    /// no beginning or no end.
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

    /// Returns the last instant of the current day, in milliseconds since 1970. Reports that get it as the current time compare
    /// whole days with whole days: a server has no parts of days.
    package static func endOfToday(now: Int64) -> Int64 {
        LocalCalendar.start(of: LocalCalendar.day(of: now), plusDays: 1) - 1
    }

    /// Throws for a window that is not of whole days.
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

    /// - Parameter what: what the report would need: "by session".
    package init(_ what: String) {
        self.what = what
    }

    package var exitCode: ExitCode { .usage }

    package var description: String {
        "cannot report \(what) from a server: it has sums of whole days by command, outcome, error category and template; "
            + "leave that out, or report from the data folder"
    }
}
