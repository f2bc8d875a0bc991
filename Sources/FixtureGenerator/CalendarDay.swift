/// One day of the Gregorian calendar in UTC.
///
/// The arithmetic counts years from March, so that the leap day is the last day of a year.
/// It holds for days on or after 1970-01-01, which is all this program needs.
struct CalendarDay {
    /// The number of milliseconds in a day; UTC leap seconds are ignored, as in all Unix times.
    static let milliseconds = 86_400_000

    /// Days since 1970-01-01.
    let number: Int

    /// The day that many days after 1970-01-01.
    init(number: Int) {
        self.number = number
    }

    /// The day with a calendar date that is known to exist.
    init(year: Int, month: Int, day: Int) {
        let marchYear = month > 2 ? year : year - 1
        let marchMonth = (month + 9) % 12
        let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
        let leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400
        number = marchYear * 365 + leapDays + dayOfYear - 719_468
    }

    /// Reads `YYYY-MM-DD`. Years start at 1980 so that the longest stream still begins after 1970-01-01.
    init?(text: String) {
        let bytes = Array(text.utf8)
        let hyphen = UInt8(ascii: "-")
        guard bytes.count == 10, bytes[4] == hyphen, bytes[7] == hyphen,
            let year = Self.decimal(bytes[0..<4]), let month = Self.decimal(bytes[5..<7]),
            let day = Self.decimal(bytes[8..<10]), year >= 1980, (1...12).contains(month), day >= 1
        else { return nil }
        self.init(year: year, month: month, day: day)
        // A day that the month does not have, such as 30 February, comes back as a different date.
        guard date == (year, month, day) else { return nil }
    }

    /// The calendar date.
    var date: (year: Int, month: Int, day: Int) {
        let shifted = number + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }

    /// The day of the week, from 0 for Sunday to 6 for Saturday.
    var weekday: Int { (number + 4) % 7 }

    /// Whether the day is Monday to Friday.
    var isWorkday: Bool { (1...5).contains(weekday) }

    private static func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value
    }
}
