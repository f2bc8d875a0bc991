import Core
import Database
import SystemSupport

/// Activity by the days of the local time zone, summed from 15-minute buckets.
struct LocalDays {
    private(set) var total = StoreReader.Activity()
    private(set) var days: [UsageReport.DayActivity] = []

    /// Sums the 15-minute buckets in `slots` by day. The buckets must be in order of time. The buckets of a day are
    /// then consecutive, and the end of each day is computed only once.
    init(_ slots: [(bucketStart: Int64, activity: StoreReader.Activity)]) {
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

    /// Returns the name of the row for a time in milliseconds since 1970.
    static func name(of time: Int64, _ kind: UsageBreakdown.Kind) -> String {
        switch kind {
        case .hour: hourName(LocalCalendar.hour(of: time))
        case .week: monday(of: LocalCalendar.day(of: time)).text
        default: LocalCalendar.day(of: time).text
        }
    }

    /// Returns a row for each week, named by its Monday.
    static func byWeek(_ days: [UsageReport.DayActivity]) -> [UsageRow] {
        var weeks: [(monday: LocalCalendar.Day, activity: StoreReader.Activity)] = []
        for day in days {
            let monday = monday(of: day.day)
            if weeks.last?.monday != monday { weeks.append((monday, StoreReader.Activity())) }
            weeks[weeks.count - 1].activity.add(day.activity)
        }
        return weeks.map { UsageRow($0.monday.text, $0.activity) }
    }

    private static func monday(of day: LocalCalendar.Day) -> LocalCalendar.Day {
        // 1970-01-01 was a Thursday.
        let number = Timestamp.dayNumber(year: Int64(day.year), month: Int64(day.month), day: Int64(day.day))
        let start = LocalCalendar.start(of: day, plusDays: -Int((number + 3) % 7))
        return LocalCalendar.day(of: start)
    }

    private static func hourName(_ hour: Int) -> String { (hour < 10 ? "0" : "") + "\(hour):00" }

    /// Returns a row for each of the 24 hours of a day, summed over all days. The result is empty without activity.
    static func byHour(_ slots: [(bucketStart: Int64, activity: StoreReader.Activity)]) -> [UsageRow] {
        guard !slots.isEmpty else { return [] }
        var hours = [StoreReader.Activity](repeating: .init(), count: 24)
        for (start, activity) in slots { hours[LocalCalendar.hour(of: start)].add(activity) }
        return hours.enumerated().map { UsageRow(hourName($0), $1) }
    }
}
