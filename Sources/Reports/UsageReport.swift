package import Platform
package import Store

/// What happened in a window, as values: every renderer shows the same.
package struct UsageReport: Equatable, Sendable {
    /// One day of the reader's calendar.
    package struct DayActivity: Equatable, Sendable {
        package let day: LocalCalendar.Day
        package let activity: StoreReader.Activity
    }

    package let window: ReportWindow
    package let zone: String
    package let totals: StoreReader.Activity
    package let sessions: StoreReader.Sessions
    /// Days with activity, in order.
    package let days: [DayActivity]

    /// Reads the report; with no database yet it is empty.
    package init(_ window: ReportWindow, from reader: StoreReader?) throws(StoreError) {
        self.window = window
        zone = LocalCalendar.zoneName
        sessions = try reader?.sessions(in: window.range) ?? StoreReader.Sessions()
        var totals = StoreReader.Activity()
        var days: [DayActivity] = []
        // Slots come in order, so a day's are one behind the other; its end is looked up once a day.
        var current: (day: LocalCalendar.Day, end: Int64, activity: StoreReader.Activity)?
        for (slotStart, activity) in try reader?.activity(in: window.range) ?? [] {
            totals.add(activity)
            if let open = current, slotStart >= open.end {
                days.append(DayActivity(day: open.day, activity: open.activity))
                current = nil
            }
            if current == nil {
                let day = LocalCalendar.day(of: slotStart)
                current = (day, LocalCalendar.start(of: day, plusDays: 1), StoreReader.Activity())
            }
            current?.activity.add(activity)
        }
        if let open = current { days.append(DayActivity(day: open.day, activity: open.activity)) }
        self.totals = totals
        self.days = days
    }

    /// The share of events that succeeded among those that say whether they did; nil when none does.
    package var successRate: Double? {
        let judged = totals.succeeded + totals.failed
        return judged == 0 ? nil : Double(totals.succeeded) / Double(judged)
    }

    /// The mean length of the sessions, in milliseconds; nil when there is none.
    package var averageSessionMS: Int64? {
        sessions.count == 0 ? nil : sessions.durationMS / Int64(sessions.count)
    }

    /// The first and last day with activity.
    package var covered: (first: LocalCalendar.Day, last: LocalCalendar.Day)? {
        guard let first = days.first, let last = days.last else { return nil }
        return (first.day, last.day)
    }
}
