package import SystemSupport

/// The stretch of time that a report covers, in whole days of the reader's time zone.
package struct ReportWindow: Equatable, Sendable {
    package typealias Day = LocalCalendar.Day

    /// How the window was asked for: the title of a dashboard.
    package let title: String
    /// The first day; nil: since the beginning.
    package let first: Day?
    /// The last day; nil: until now.
    package let last: Day?

    /// Everything there is.
    package static let allTime = ReportWindow(title: "All Time", first: nil, last: nil)

    /// Today and the days before it, `days` in all.
    package static func lastDays(_ days: Int, now: Int64) -> ReportWindow {
        let today = LocalCalendar.day(of: now)
        let first = LocalCalendar.day(of: LocalCalendar.start(of: today, plusDays: 1 - days))
        return ReportWindow(title: days == 1 ? "Today" : "Last \(days) Days", first: first, last: today)
    }

    /// From one day to another, both included; either end may be open. Nil when it would end before it starts.
    package static func between(_ first: Day?, _ last: Day?) -> ReportWindow? {
        if let first, let last, last < first { return nil }
        let title =
            switch (first, last) {
            case (let first?, let last?): "\(first.text) to \(last.text)"
            case (let first?, nil): "Since \(first.text)"
            case (nil, let last?): "Until \(last.text)"
            case (nil, nil): allTime.title
            }
        return ReportWindow(title: title, first: first, last: last)
    }

    /// The stretch just before the window that a report is compared with, in milliseconds since 1970: as many days of
    /// the calendar, and when the window is not over yet, up to the same time of day, so that a morning is not
    /// compared with a whole day. Nil when the window has no beginning.
    package func before(now: Int64) -> Range<Int64>? {
        guard let first else { return nil }
        let today = LocalCalendar.day(of: now)
        let last = min(last ?? today, max(today, first))
        let start = LocalCalendar.start(of: first)
        // Noon to noon, so that a day of 23 or 25 hours still counts as one.
        let days = Int((LocalCalendar.start(of: last) - start + Self.halfDay) / (2 * Self.halfDay)) + 1
        let end =
            last < today
            ? start
            : min(start, LocalCalendar.start(of: today, plusDays: -days) + now - LocalCalendar.start(of: today))
        let begin = LocalCalendar.start(of: first, plusDays: -days)
        return begin < end ? begin..<end : nil
    }

    private static let halfDay: Int64 = 12 * 60 * 60 * 1000

    /// The window in milliseconds since 1970.
    package var range: Range<Int64> {
        let start = first.map { LocalCalendar.start(of: $0) } ?? 0
        let end = last.map { LocalCalendar.start(of: $0, plusDays: 1) } ?? Int64.max
        return start..<end
    }
}
