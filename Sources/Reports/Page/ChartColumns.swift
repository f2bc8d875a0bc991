import Core
import Database
import Rollups
import SystemSupport

/// The time axis of charts. It consists of columns, each of which is an hour, a local day, or several local days.
struct ChartColumns: Equatable, Sendable {
    /// The length of a column.
    enum Unit: Equatable, Sendable {
        case hour
        /// A number of days.
        case days(Int)
    }

    let unit: Unit
    /// The start of each column, in milliseconds since 1970.
    let starts: [Int64]
    /// The end of the last column.
    let end: Int64

    /// Limit of columns. The plot is some 400 pixels wide, so each column then has at least four pixels.
    static let most = 100
    /// Longest range, in days, with a column for each hour.
    private static let daysByHour = 3

    var count: Int { starts.count }
    var range: Range<Int64> { (starts.first ?? end)..<end }

    /// Makes columns for a range of time, in milliseconds since 1970. A range of up to three days has a column for each
    /// hour. In a longer range, a column has as few days as possible, so that at most `most` columns are needed.
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

    /// The grain in which histories are read. Groups of days are combined from whole days in UTC, because a history by
    /// the day has fewer values to read.
    var grain: StoreReader.HistoryGrain { isOfWholeDays ? .day : .timeBucket }

    /// Whether a column contains several days. The figures of such a column are sums of whole days in UTC.
    var isOfWholeDays: Bool {
        if case .days(let step) = unit { step > 1 } else { false }
    }

    /// Returns the column that contains a point of a history; nil for a point outside all columns.
    ///
    /// - Parameter start: the start of the point, in milliseconds since 1970. A point for a whole day belongs to the
    ///   column that contains the noon of that day.
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

    /// Returns the name of a column in a table: a day, the first of several days, or an hour.
    func name(_ index: Int) -> String {
        let day = LocalCalendar.day(of: starts[index]).text
        return unit == .hour ? day + " " + LocalCalendar.timeOfDay(of: starts[index]).prefix(5) : day
    }

    /// Returns the name of a column on an axis: the time of day of an hour, else the day without its year.
    func shortName(_ index: Int) -> String {
        unit == .hour
            ? String(LocalCalendar.timeOfDay(of: starts[index]).prefix(5))
            : String(LocalCalendar.day(of: starts[index]).text.dropFirst(5))
    }

    /// The noun for a column in titles.
    var noun: String {
        switch unit {
        case .hour: "hour"
        case .days(1): "day"
        case .days(7): "week"
        case .days(let step): "\(step) days"
        }
    }

    /// The time that a column covers, for sentences.
    var duration: String {
        switch unit {
        case .hour: "an hour"
        case .days(1), .days(7): "a \(noun)"
        case .days: noun
        }
    }

    /// Returns the number of days from one day to another.
    static func days(from first: LocalCalendar.Day, to last: LocalCalendar.Day) -> Int {
        func number(_ day: LocalCalendar.Day) -> Int64 {
            Timestamp.dayNumber(year: Int64(day.year), month: Int64(day.month), day: Int64(day.day))
        }
        return Int(number(last) - number(first))
    }
}
