import Core
import Database
package import SystemSupport

/// The range of time that a report covers, in whole 15-minute buckets.
package struct ReportWindow: Equatable, Sendable {
    package typealias Day = LocalCalendar.Day

    /// The name of the window in titles, such as `Last 30 Days`.
    package let title: String
    /// The first instant of the window, in milliseconds since 1970; nil for an open start.
    package let start: Int64?
    /// The first instant after the window, in milliseconds since 1970; nil for an open end.
    package let end: Int64?

    /// The window of all events.
    package static let allTime = ReportWindow(title: "All Time", start: nil, end: nil)

    /// - Parameters:
    ///   - start: rounded down to a 15-minute bucket; nil for an open start.
    ///   - end: rounded up to a 15-minute bucket; nil for an open end. An end after the latest possible time of an
    ///     event counts as open.
    init(title: String, start: Int64?, end: Int64?) {
        let bucket = TimeBucket.milliseconds
        self.title = title
        self.start = start.map { max(0, $0) / bucket * bucket }
        let rounded = end.map { (min(max(0, $0), Limits.latestTimestamp + 1) + bucket - 1) / bucket * bucket }
        self.end = rounded.flatMap { $0 > Limits.latestTimestamp ? nil : $0 }
    }

    /// Returns the window of the last `days` days, including today.
    package static func lastDays(_ days: Int, now: Int64) -> ReportWindow {
        let today = LocalCalendar.day(of: now)
        return ReportWindow(
            title: days == 1 ? "Today" : "Last \(days) Days",
            start: LocalCalendar.start(of: today, plusDays: 1 - days),
            end: LocalCalendar.start(of: today, plusDays: 1))
    }

    /// Returns the window from the first to the last day, both included; a nil day leaves that end open. Returns nil
    /// when the last day is before the first day.
    package static func between(_ first: Day?, _ last: Day?) -> ReportWindow? {
        if let first, let last, last < first { return nil }
        return between(
            first.map { LocalCalendar.start(of: $0) }, last.map { LocalCalendar.start(of: $0, plusDays: 1) })
    }

    /// Returns the window from one instant to another instant, with a title that names these instants. A nil instant
    /// leaves that end open. Returns nil unless the end is after the start.
    static func between(_ start: Int64?, _ end: Int64?) -> ReportWindow? {
        if let start, let end, end <= start { return nil }
        let window = ReportWindow(title: "", start: start, end: end)
        let title =
            switch (window.start, window.end) {
            case (_?, _?): window.rangeText ?? ""
            case (let start?, nil): "Since \(instantText(start))"
            case (nil, _?): "Until \(window.endText)"
            case (nil, nil): allTime.title
            }
        return ReportWindow(title: title, start: start, end: end)
    }

    /// The first day of the window; nil for an open start.
    package var first: Day? { start.map { LocalCalendar.day(of: $0) } }
    /// The last day of the window; nil for an open end.
    package var last: Day? { end.map { LocalCalendar.day(of: $0 - 1) } }

    /// Returns the range just before the window, in milliseconds since 1970; a report compares the window with this
    /// range. The range has as many calendar days as the window, or the same length if the window does not consist of
    /// whole days. If the window is not over, the range covers only the same elapsed part. A morning is then compared
    /// with a morning, not with a whole day. Nil when the window has an open start.
    package func before(now: Int64) -> Range<Int64>? {
        guard let start, let first else { return nil }
        guard isOfWholeDays else {
            let length = (end ?? max(now, start)) - start
            let bucket = TimeBucket.milliseconds
            let begin = max(0, start - length) / bucket * bucket
            let stop = min(start, begin + max(0, now - start))
            return begin < stop ? begin..<stop : nil
        }
        let today = LocalCalendar.day(of: now)
        let last = min(last ?? today, max(today, first))
        // Adding half a day rounds to the nearest number of days, so that a day of 23 or 25 hours counts as one day.
        let days = Int((LocalCalendar.start(of: last) - start + Self.halfDay) / (2 * Self.halfDay)) + 1
        let stop =
            last < today
            ? start
            : min(start, LocalCalendar.start(of: today, plusDays: -days) + now - LocalCalendar.start(of: today))
        let begin = LocalCalendar.start(of: first, plusDays: -days)
        return begin < stop ? begin..<stop : nil
    }

    private static let halfDay: Int64 = 12 * 60 * 60 * 1000

    /// The window in milliseconds since 1970. An open start is 0, and an open end is `Int64.max`.
    package var range: Range<Int64> { (start ?? 0)..<(end ?? Int64.max) }

    // MARK: Text

    /// Whether each end of the window is open or the beginning of a day.
    var isOfWholeDays: Bool {
        func isStartOfDay(_ time: Int64) -> Bool { LocalCalendar.start(of: LocalCalendar.day(of: time)) == time }
        return (start.map(isStartOfDay) ?? true) && (end.map(isStartOfDay) ?? true)
    }

    /// The range as dates, with times if it does not consist of whole days, as in `2026-11-23 10:45 to 13:00` or
    /// `2026-11-17 to 2026-11-23`. Nil when an end is open.
    package var rangeText: String? {
        guard let start, let end, let first, let last else { return nil }
        if isOfWholeDays { return first == last ? first.text : "\(first.text) to \(last.text)" }
        let isOneDay = first == LocalCalendar.day(of: end)
        return "\(first.text) \(Self.timeText(start)) to " + (isOneDay ? Self.timeText(end) : Self.fullText(end))
    }

    /// Returns the first line of a report: the title, `what`, the range unless the title is the range, and the time
    /// zone.
    func heading(_ what: String = "", zone: String) -> String {
        let range = rangeText.map { title == $0 ? "" : ", \($0)" } ?? ""
        return "\(title)\(what)\(range) (\(zone.escapedForDisplay))"
    }

    private var endText: String {
        guard let end, let last else { return "" }
        return isOfWholeDays ? last.text : Self.fullText(end)
    }

    private static func instantText(_ time: Int64) -> String {
        let day = LocalCalendar.day(of: time)
        return LocalCalendar.start(of: day) == time ? day.text : fullText(time)
    }

    private static func fullText(_ time: Int64) -> String { LocalCalendar.day(of: time).text + " " + timeText(time) }

    /// Returns hours and minutes.
    private static func timeText(_ time: Int64) -> String { String(LocalCalendar.timeOfDay(of: time).prefix(5)) }
}
