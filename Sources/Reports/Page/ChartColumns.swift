import Core
import Database
import Rollups
import SystemSupport

/// The time axis of charts: hours, days, or groups of days of the reader's calendar, one after the other.
struct ChartColumns: Equatable, Sendable {
    /// The length of a column.
    enum Unit: Equatable, Sendable {
        case hour
        /// A number of days.
        case days(Int)
    }

    let unit: Unit
    /// Where each column begins, in milliseconds since 1970.
    let starts: [Int64]
    /// Where the last one ends.
    let end: Int64

    /// Columns at most: a line of a chart has some 400 pixels.
    static let most = 100
    /// Up to this length, in days, columns are hours.
    private static let daysByHour = 3

    var count: Int { starts.count }
    var range: Range<Int64> { (starts.first ?? end)..<end }

    /// Columns for a range of time, in milliseconds since 1970: the shortest of which there are not too many.
    ///
    /// - Parameter byHour: whether a short range may have a column for each hour.
    init(_ range: Range<Int64>, byHour: Bool = true) {
        let first = LocalCalendar.day(of: range.lowerBound)
        let dayCount =
            Self.days(from: first, to: LocalCalendar.day(of: max(range.lowerBound, range.upperBound - 1))) + 1
        if byHour, dayCount <= Self.daysByHour {
            let hour: Int64 = 3_600_000
            let start =
                LocalCalendar.start(of: first) + (range.lowerBound - LocalCalendar.start(of: first)) / hour * hour
            unit = .hour
            starts = Array(stride(from: start, to: max(range.upperBound, start + 1), by: Int(hour)))
            end = (starts.last ?? start) + hour
            return
        }
        let step = (dayCount + Self.most - 1) / Self.most
        unit = .days(step)
        starts = stride(from: 0, to: dayCount, by: step).map { LocalCalendar.start(of: first, plusDays: $0) }
        end = LocalCalendar.start(of: first, plusDays: starts.count * step)
    }

    /// What histories are read by. Groups of days are put together from whole days in UTC, which are fewer to read.
    var grain: StoreReader.HistoryGrain { isOfWholeDays ? .day : .quarterHour }

    /// Whether a column may hold several days, which are then those of UTC.
    var isOfWholeDays: Bool {
        if case .days(let step) = unit { step > 1 } else { false }
    }

    /// The column that a point of a history belongs to; nil outside.
    ///
    /// - Parameter start: where the point begins, in milliseconds since 1970. The noon of a whole day decides.
    func index(of start: Int64) -> Int? {
        let time = isOfWholeDays ? start + Timestamp.millisecondsPerDay / 2 : start
        guard range.contains(time) else { return nil }
        var (low, high) = (0, starts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= time { low = middle } else { high = middle }
        }
        return low
    }

    /// The name of a column in a table: a day, the first of several days, or an hour.
    func name(_ index: Int) -> String {
        let day = LocalCalendar.day(of: starts[index]).text
        return unit == .hour ? day + " " + LocalCalendar.timeOfDay(of: starts[index]).prefix(5) : day
    }

    /// The name on an axis, which leaves out what all columns share.
    func shortName(_ index: Int) -> String {
        unit == .hour
            ? String(LocalCalendar.timeOfDay(of: starts[index]).prefix(5))
            : String(LocalCalendar.day(of: starts[index]).text.dropFirst(5))
    }

    /// What a column is, for titles.
    var noun: String {
        switch unit {
        case .hour: "hour"
        case .days(1): "day"
        case .days(7): "week"
        case .days(let step): "\(step) days"
        }
    }

    /// Days from one to another.
    static func days(from first: LocalCalendar.Day, to last: LocalCalendar.Day) -> Int {
        func number(_ day: LocalCalendar.Day) -> Int64 {
            Timestamp.dayNumber(year: Int64(day.year), month: Int64(day.month), day: Int64(day.day))
        }
        return Int(number(last) - number(first))
    }
}
