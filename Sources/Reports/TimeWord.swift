import Core
package import SystemSupport

/// A time or a range of time in the syntax of the command line: `7d`, `2h`, `yesterday`, `2026-11`, `2026-11-22`,
/// `2026-11-22T14:30` (local, or with an offset).
struct TimeWord {
    /// The start, in milliseconds since 1970.
    let start: Int64
    /// The end, in milliseconds since 1970; nil for a word that names only a start, such as `7d`, `2h` or a time of
    /// day.
    let end: Int64?
    /// The window that the word names on its own. The window of a time of day has an open end.
    let window: ReportWindow

    /// Parses a word; nil if the text is not a time in this syntax.
    ///
    /// - Parameter now: in milliseconds since 1970.
    init?(_ text: String, now: Int64) {
        if let word = Self.day(text, now: now) ?? Self.month(text) ?? Self.ago(text, now: now) ?? Self.instant(text) {
            self = word
        } else {
            return nil
        }
    }

    private init(start: Int64, end: Int64?, window: ReportWindow) {
        self.start = start
        self.end = end
        self.window = window
    }

    /// Makes a range of days with a title.
    private init(_ title: String, from start: Int64, to end: Int64) {
        self.init(start: start, end: end, window: ReportWindow(title: title, start: start, end: end))
    }

    private static func day(_ text: String, now: Int64) -> TimeWord? {
        let today = LocalCalendar.day(of: now)
        switch text {
        case "today":
            return TimeWord(
                "Today", from: LocalCalendar.start(of: today), to: LocalCalendar.start(of: today, plusDays: 1))
        case "yesterday":
            return TimeWord(
                "Yesterday", from: LocalCalendar.start(of: today, plusDays: -1), to: LocalCalendar.start(of: today))
        default:
            guard let day = LocalCalendar.Day(text) else { return nil }
            return TimeWord(
                day.text, from: LocalCalendar.start(of: day), to: LocalCalendar.start(of: day, plusDays: 1))
        }
    }

    /// Parses `YYYY-MM`.
    private static func month(_ text: String) -> TimeWord? {
        guard text.utf8.count == 7, let first = LocalCalendar.Day(text + "-01") else { return nil }
        let next = LocalCalendar.Day(
            year: first.month == 12 ? first.year + 1 : first.year, month: first.month % 12 + 1, day: 1)
        return TimeWord(text, from: LocalCalendar.start(of: first), to: LocalCalendar.start(of: next))
    }

    /// Maximum number of days that `d` and `w` accept: a century.
    private static let mostDays = 36_500

    /// Parses a number with a unit. `7d` is today and the six days before, and `2w` is today and the 13 days before.
    /// `2h` is the last two hours, and `90min` is the last 90 minutes.
    private static func ago(_ text: String, now: Int64) -> TimeWord? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = UInt16(digits: digits), number > 0 else { return nil }
        let count = Int(number)
        func days(_ days: Int) -> TimeWord? {
            guard days <= mostDays else { return nil }
            let window = ReportWindow.lastDays(days, now: now)
            return TimeWord(start: window.start ?? 0, end: nil, window: window)
        }
        func time(_ unit: Int64, _ noun: String) -> TimeWord {
            let start = now - Int64(count) * unit
            let title = count == 1 ? "Last \(noun)" : "Last \(count) \(noun)s"
            return TimeWord(start: start, end: nil, window: ReportWindow(title: title, start: start, end: now))
        }
        switch text.dropFirst(digits.count) {
        case "d": return days(count)
        case "w": return days(7 * count)
        case "h": return time(3_600_000, "Hour")
        case "min": return time(60_000, "Minute")
        default: return nil
        }
    }

    /// Parses a day with a time of day. The time is local if it has no offset.
    private static func instant(_ text: String) -> TimeWord? {
        guard let time = Timestamp.parse(Array(text.utf8).span) ?? localTime(text), time >= 0,
            let window = ReportWindow.between(time, nil)
        else { return nil }
        return TimeWord(start: time, end: nil, window: window)
    }

    /// Parses `YYYY-MM-DDTHH:MM`; nil for another form and for a time that a clock change skips.
    private static func localTime(_ text: String) -> Int64? {
        let parts = text.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.count == 5, let day = LocalCalendar.Day(String(parts[0])) else {
            return nil
        }
        let numbers = parts[1].split(separator: ":", omittingEmptySubsequences: false).map { UInt16(digits: $0) }
        guard numbers.count == 2, let hour = numbers[0], let minute = numbers[1], hour < 24, minute < 60 else {
            return nil
        }
        let guess = LocalCalendar.start(of: day) + (Int64(hour) * 60 + Int64(minute)) * 60_000
        // A day with a clock change is an hour longer or shorter, in some zones half an hour. The guess may be off by
        // that hour or half hour.
        return [0, -60, 60, -30, 30].map { guess + $0 * 60_000 }.first {
            LocalCalendar.day(of: $0) == day && LocalCalendar.timeOfDay(of: $0) == parts[1] + ":00"
        }
    }
}

/// The error for an invalid window on the command line.
package enum WindowError: ReportedError, Equatable {
    case unknownWord(String, place: String)
    case endsBeforeItStarts

    /// The accepted forms of a time.
    package static let accepted =
        "2026-11-22, 2026-11, 2026-11-22T14:30, today, yesterday, 7d, 2w, 2h or 90min"

    package var exitCode: ExitCode { .usage }

    package var description: String {
        switch self {
        case .unknownWord(let word, let place):
            "cannot read the time '\(word.escapedForDisplay)' of \(place): it does not exist or has another form; give "
                + Self.accepted
        case .endsBeforeItStarts:
            "cannot use the window: it ends before it starts; give the earlier time first, or with --since"
        }
    }
}

extension ReportWindow {
    /// Returns the window of a word, or of two words separated by `..`. Either of the two words may be omitted.
    ///
    /// - Parameter now: in milliseconds since 1970.
    package static func named(_ text: String, now: Int64) throws(WindowError) -> ReportWindow {
        guard let dots = text.firstRange(of: "..") else {
            guard let word = TimeWord(text, now: now) else { throw .unknownWord(text, place: "the window") }
            return word.window
        }
        func part(_ text: Substring) -> String? { text.isEmpty ? nil : String(text) }
        return try since(
            part(text[..<dots.lowerBound]), until: part(text[dots.upperBound...]), now: now, place: "the window")
    }

    /// Returns the window from the start of the time `since` to the end of the time `until`; nil leaves that end open.
    /// If `until` has no end of its own, as in `7d`, the window ends at the start of `until`.
    ///
    /// - Parameter place: the name of the window for an error; nil names the option, `--since` or `--until`.
    package static func since(
        _ since: String?, until: String?, now: Int64, place: String? = nil
    ) throws(WindowError) -> ReportWindow {
        func word(_ text: String?, _ option: String) throws(WindowError) -> TimeWord? {
            guard let text else { return nil }
            guard let word = TimeWord(text, now: now) else { throw .unknownWord(text, place: place ?? option) }
            return word
        }
        let (first, last) = (try word(since, "--since"), try word(until, "--until"))
        guard let window = between(first?.start, last.map { $0.end ?? $0.start }) else { throw .endsBeforeItStarts }
        return window
    }
}
