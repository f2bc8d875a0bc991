import Database
import SystemSupport

/// Activity by the days of the reader's calendar, put together from quarters of an hour.
struct LocalDays {
    private(set) var total = StoreReader.Activity()
    private(set) var days: [UsageReport.DayActivity] = []

    /// `slots` come in the order of time, so a day's are one behind the other; its end is looked up once a day.
    init(_ slots: [(slotStart: Int64, activity: StoreReader.Activity)]) {
        var current: (day: LocalCalendar.Day, end: Int64, activity: StoreReader.Activity)?
        for (start, activity) in slots {
            total.add(activity)
            if let open = current, start >= open.end {
                days.append(.init(day: open.day, activity: open.activity))
                current = nil
            }
            if current == nil {
                let day = LocalCalendar.day(of: start)
                current = (day, LocalCalendar.start(of: day, plusDays: 1), StoreReader.Activity())
            }
            current?.activity.add(activity)
        }
        if let open = current { days.append(.init(day: open.day, activity: open.activity)) }
    }

    /// The 24 hours of a day, all days together; empty when there is no activity.
    static func byHour(_ slots: [(slotStart: Int64, activity: StoreReader.Activity)]) -> [UsageRow] {
        guard !slots.isEmpty else { return [] }
        var hours = [StoreReader.Activity](repeating: .init(), count: 24)
        for (start, activity) in slots { hours[LocalCalendar.hour(of: start)].add(activity) }
        return hours.enumerated().map { UsageRow(($0 < 10 ? "0" : "") + "\($0):00", $1) }
    }
}
