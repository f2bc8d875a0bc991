import Core
import Reports
import SystemSupport
import TestSupport
import Testing

/// The words that name windows, in Berlin at 13:00 on a Monday.
struct WindowTests {
    private let harness: ReportHarness
    private let now = ReportHarness.now

    init() throws {
        harness = try ReportHarness()
    }

    /// A window as its title and its local range.
    private func text(_ window: ReportWindow) -> String {
        func time(_ milliseconds: Int64?) -> String {
            milliseconds.map {
                LocalCalendar.day(of: $0).text + "T" + LocalCalendar.timeOfDay(of: $0).prefix(5)
            } ?? "open"
        }
        return "\(window.title): \(time(window.start)) \(time(window.end))"
    }

    @Test(
        "A word names a window of days, or of a time rounded outward to 15 minutes",
        arguments: [
            ("today", "Today: 2026-11-23T00:00 2026-11-24T00:00"),
            ("yesterday", "Yesterday: 2026-11-22T00:00 2026-11-23T00:00"),
            ("7d", "Last 7 Days: 2026-11-17T00:00 2026-11-24T00:00"),
            ("1d", "Today: 2026-11-23T00:00 2026-11-24T00:00"),
            ("2w", "Last 14 Days: 2026-11-10T00:00 2026-11-24T00:00"),
            ("2h", "Last 2 Hours: 2026-11-23T11:00 2026-11-23T13:00"),
            ("100min", "Last 100 Minutes: 2026-11-23T11:15 2026-11-23T13:00"),
            ("2026-11", "2026-11: 2026-11-01T00:00 2026-12-01T00:00"),
            ("2026-12", "2026-12: 2026-12-01T00:00 2027-01-01T00:00"),
            ("2026-11-22", "2026-11-22: 2026-11-22T00:00 2026-11-23T00:00"),
            ("2026-11-22T14:37", "Since 2026-11-22 14:30: 2026-11-22T14:30 open"),
            ("2026-11-22T14:30:00Z", "Since 2026-11-22 15:30: 2026-11-22T15:30 open"),
            ("2026-11-20..yesterday", "2026-11-20 to 2026-11-22: 2026-11-20T00:00 2026-11-23T00:00"),
            ("14d..7d", "2026-11-10 to 2026-11-16: 2026-11-10T00:00 2026-11-17T00:00"),
            ("2026-10..", "Since 2026-10-01: 2026-10-01T00:00 open"),
            ("..2026-10", "Until 2026-10-31: open 2026-11-01T00:00"),
            ("2026-10-25..2026-10-25", "2026-10-25: 2026-10-25T00:00 2026-10-26T00:00"),
        ])
    func words(word: String, window: String) throws {
        #expect(try text(.named(word, now: now)) == window)
    }

    @Test("Minutes are rounded outward, and the report prints the range")
    func rounding() throws {
        let later = now + 7 * 60_000
        let window = try ReportWindow.named("2h", now: later)
        #expect(text(window) == "Last 2 Hours: 2026-11-23T11:00 2026-11-23T13:15")
        #expect(window.rangeText == "2026-11-23 11:00 to 13:15")
        #expect(try ReportWindow.named("48h", now: later).rangeText == "2026-11-21 13:00 to 2026-11-23 13:15")
        #expect(try ReportWindow.named("7d", now: later).rangeText == "2026-11-17 to 2026-11-23")
        let screen = DashboardRenderer.render(try harness.source(window).dashboard(), top: 10, TerminalStyle())
        #expect(screen.contains("2026-11-23 11:00 to 13:15"), "\(screen)")
    }

    @Test("A clock that is set back has an hour more, one that is set forward skips times")
    func summerTime() throws {
        #expect(try text(.named("2026-10-25T12:00", now: now)).hasPrefix("Since 2026-10-25 12:00"))
        #expect(try text(.named("2026-03-29T12:00", now: now)).hasPrefix("Since 2026-03-29 12:00"))
        #expect(throws: WindowError.self) { try ReportWindow.named("2026-03-29T02:30", now: now) }
    }

    @Test(
        "Any other word is refused with the forms that are accepted",
        arguments: [
            "", "x", "7", "7x", "0d", "-7d", "+7d", "99999d", "36501d", "2026-13", "2026-1", "2026-02-30", "20261122",
            "2026-11-22T25:00", "2026-11-22T1:00", "2026-11-22 14:30", "tomorrow", "1d2", "２d", "2026-11-22..x",
            "\u{1B}[2J", "1969-12",
        ])
    func refused(word: String) {
        #expect {
            try ReportWindow.named(word, now: now)
        } throws: { error in
            let text = "\(error)"
            return text.contains("today, yesterday, 7d") && !text.contains("\u{1B}")
        }
    }

    @Test("Since and until take the same words; an end before the start is refused")
    func options() throws {
        #expect(
            try text(.since("2026-11-20", until: "2026-11", now: now))
                == "2026-11-20 to 2026-11-30: 2026-11-20T00:00 2026-12-01T00:00")
        #expect(try text(.since("7d", until: nil, now: now)) == "Since 2026-11-17: 2026-11-17T00:00 open")
        #expect(try ReportWindow.since(nil, until: nil, now: now) == .allTime)
        #expect(throws: WindowError.endsBeforeItStarts) {
            try ReportWindow.since("2026-11-22", until: "2026-11-21", now: now)
        }
        #expect(throws: WindowError.unknownWord("x", place: "--until")) {
            try ReportWindow.since(nil, until: "x", now: now)
        }
    }

    @Test("The last day that can be named ends at a valid time")
    func lastDay() throws {
        let window = try ReportWindow.since("2026-11-22", until: "9999-12-31", now: now)
        #expect(window.title == "2026-11-22 to 9999-12-31")
        let text = UsageJSON.of(try harness.source(window).dashboard(), top: 1).document
        #expect(text.contains(#""until" : "9999-12-31T23:00:00.000Z""#), "\(text)")
        let open = try ReportWindow.since(nil, until: "9999-12-31T23:59:59Z", now: now)
        // No event is later, so the window is open.
        #expect(open == .allTime)
    }

    @Test("A window of hours is compared with as many hours before it")
    func before() throws {
        func range(_ word: String, at time: Int64) throws -> [String] {
            guard let range = try ReportWindow.named(word, now: time).before(now: time) else { return [] }
            return [range.lowerBound, range.upperBound].map {
                LocalCalendar.day(of: $0).text + " " + LocalCalendar.timeOfDay(of: $0).prefix(5)
            }
        }
        #expect(try range("2h", at: now) == ["2026-11-23 09:00", "2026-11-23 11:00"])
        #expect(try range("2026-11-23T10:00..2026-11-23T12:00", at: now) == ["2026-11-23 08:00", "2026-11-23 10:00"])
        #expect(try range("2026-11-23T10:00", at: now) == ["2026-11-23 07:00", "2026-11-23 10:00"])
        #expect(try range("..2026-10", at: now) == [])
    }
}
