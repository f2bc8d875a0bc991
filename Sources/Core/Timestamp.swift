import SystemSupport

/// The form of times in Nexus: milliseconds since 1970-01-01T00:00:00Z.
package enum Timestamp {
    package static let millisecondsPerDay: Int64 = 86_400_000

    /// Reads RFC 3339 (`2026-11-23T09:30:00.250+01:00`). A blank in place of the `T` is accepted, as section 5.6
    /// allows. Digits after the milliseconds are ignored. Nil if the text has another form, or if the date does not
    /// exist.
    package static func parse(_ text: Span<UInt8>) -> Int64? { parse(text, hasOffset: true) }

    /// Reads the form in the database, `2026-11-23 08:30:00.250`, with or without the fraction. A `T` in place of the
    /// blank is accepted. Nil if the text has another form, or if the date does not exist.
    package static func parse(databaseText text: Span<UInt8>) -> Int64? { parse(text, hasOffset: false) }

    private static func parse(_ text: Span<UInt8>, hasOffset: Bool) -> Int64? {
        guard text.count >= (hasOffset ? 20 : 19),
            text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] == UInt8(ascii: "T") || text[10] == UInt8(ascii: "t") || text[10] == UInt8(ascii: " "),
            text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
            let year = number(text, 0..<4), let month = number(text, 5..<7), let day = number(text, 8..<10),
            let hour = number(text, 11..<13), let minute = number(text, 14..<16), let second = number(text, 17..<19),
            month >= 1, month <= 12, day >= 1, day <= daysIn(month: month, of: year),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var position = 19
        guard let fraction = fraction(text, &position), let offset = hasOffset ? offset(text, &position) : 0,
            position == text.count
        else { return nil }
        let minutes = (dayNumber(year: year, month: month, day: day) * 24 + hour) * 60 + minute - offset
        // A leap second occurs only at the end of a UTC day (RFC 3339, appendix D) and counts as the next second.
        guard second < 60 || (minutes + 1) % 1440 == 0 else { return nil }
        return (minutes * 60 + second) * 1000 + fraction
    }

    /// Returns the form in the database, `2026-11-23 08:30:00.250`, always UTC.
    package static func databaseText(_ milliseconds: Int64) -> String {
        var formatter = TimestampFormatter()
        var bytes = [UInt8](repeating: 0, count: TimestampFormatter.length)
        var span = bytes.mutableSpan
        formatter.write(milliseconds, into: &span)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads a time like `parse(databaseText:)`.
    package static func milliseconds(ofDatabaseText text: String) -> Int64? {
        parse(databaseText: text.utf8.span)
    }

    /// Returns the form in JSON, `2026-11-23T08:30:00.250Z`.
    package static func rfc3339(_ milliseconds: Int64) -> String {
        databaseText(milliseconds).replacing(" ", with: "T") + "Z"
    }

    /// Returns the number of days from 1970-01-01 to a date of the Gregorian calendar. The algorithm is Howard
    /// Hinnant's `days_from_civil`.
    package static func dayNumber(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// Returns the date that is `dayNumber` days after 1970-01-01. The algorithm is Howard Hinnant's `civil_from_days`.
    package static func date(ofDay dayNumber: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = dayNumber + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private static func daysIn(month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func number(_ text: Span<UInt8>, _ range: Range<Int>) -> Int64? {
        var value: Int64 = 0
        for index in range {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            value = value * 10 + Int64(digit)
        }
        return value
    }

    /// Reads the fraction after the seconds, in milliseconds; 0 if there is no `.`, and nil if no digit follows the
    /// `.`.
    private static func fraction(_ text: Span<UInt8>, _ position: inout Int) -> Int64? {
        guard position < text.count, text[position] == UInt8(ascii: ".") else { return 0 }
        position += 1
        let start = position
        var value: Int64 = 0
        while position < text.count, text[position] &- UInt8(ascii: "0") <= 9 {
            if position - start < 3 { value = value * 10 + Int64(text[position] - UInt8(ascii: "0")) }
            position += 1
        }
        let digits = position - start
        guard digits > 0 else { return nil }
        return digits >= 3 ? value : (digits == 2 ? value * 10 : value * 100)
    }

    /// Reads the offset after the time, such as `Z` or `+01:00`. Returns the offset in minutes; nil for any other form.
    private static func offset(_ text: Span<UInt8>, _ position: inout Int) -> Int64? {
        guard position < text.count else { return nil }
        let sign = text[position]
        position += 1
        if sign == UInt8(ascii: "Z") || sign == UInt8(ascii: "z") { return 0 }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), position + 5 == text.count,
            text[position + 2] == UInt8(ascii: ":"),
            let hours = number(text, position..<position + 2), hours < 24,
            let minutes = number(text, position + 3..<position + 5), minutes < 60
        else { return nil }
        position += 5
        return (sign == UInt8(ascii: "-") ? -1 : 1) * (hours * 60 + minutes)
    }
}

/// Reads times as `Timestamp.parse` does. Caches the last minute and its day, because the next event of a stream is
/// most often in the same minute or day.
package struct TimestampParser: Sendable {
    /// The first eight bytes of the cached minute's text, `2026-11-23T08:30`, as a little-endian number.
    private var firstEight: UInt64 = 0
    /// The last eight bytes of that text, as a little-endian number.
    private var lastEight: UInt64 = 0
    /// The start of the cached minute and the start of its day in UTC, in milliseconds since 1970; nil if no minute is
    /// cached yet.
    private var begins: (minute: Int64, day: Int64)?
    /// The mask for the bytes of `lastEight` that belong to the day, `23T`.
    private static let dayMask: UInt64 = 0xFF_FFFF

    package init() {}

    /// Returns the time in `text`, in milliseconds since 1970; nil when it is not a time.
    package mutating func parse(_ text: Span<UInt8>) -> Int64? {
        // The usual form, to the millisecond and in UTC: `2026-11-23T08:30:00.250Z`.
        guard text.count == 24, text[23] == UInt8(ascii: "Z") else { return Timestamp.parse(text) }
        return parse(text) { Timestamp.parse($0) }
    }

    /// Returns the time in a text of the database's form; nil when it is not a time.
    package mutating func parse(databaseText text: Span<UInt8>) -> Int64? {
        guard text.count == TimestampFormatter.length else { return Timestamp.parse(databaseText: text) }
        return parse(text) { Timestamp.parse(databaseText: $0) }
    }

    @inline(__always)
    private mutating func parse(_ text: Span<UInt8>, otherwise parse: (Span<UInt8>) -> Int64?) -> Int64? {
        let (first, last) = (text.uint64(at: 0), text.uint64(at: 8))
        guard let rest = Self.millisecondsOfMinute(text) else { return parse(text) }
        if let begins, first == firstEight {
            if last == lastEight { return begins.minute + rest }
            if (last ^ lastEight) & Self.dayMask == 0, let minute = Self.minuteOfDay(text) {
                lastEight = last
                self.begins = (begins.day + minute * 60_000, begins.day)
                return begins.day + minute * 60_000 + rest
            }
        }
        guard let time = parse(text), let minute = Self.minuteOfDay(text) else { return nil }
        (firstEight, lastEight) = (first, last)
        begins = (time - rest, time - rest - minute * 60_000)
        return time
    }

    /// Returns the minutes since midnight for `hh:mm` at byte 11; nil for any other form.
    @inline(__always)
    private static func minuteOfDay(_ text: Span<UInt8>) -> Int64? {
        var isWrong = text[13] != UInt8(ascii: ":")
        func digit(_ index: Int) -> Int64 {
            let value = text[index] &- UInt8(ascii: "0")
            if value > 9 { isWrong = true }
            return Int64(value)
        }
        let hour = digit(11) * 10 + digit(12)
        let minute = digit(14) * 10 + digit(15)
        guard !isWrong, hour < 24, minute < 60 else { return nil }
        return hour * 60 + minute
    }

    /// Returns the milliseconds of `:ss.mmm` at byte 16; nil for any other form or a leap second.
    @inline(__always)
    private static func millisecondsOfMinute(_ text: Span<UInt8>) -> Int64? {
        let digits = text.uint64(at: 15)
        // The eight bytes from byte 15 on are the last digit of the minute and `:ss.mmm`.
        guard UInt8(truncatingIfNeeded: digits >> 8) == UInt8(ascii: ":"),
            UInt8(truncatingIfNeeded: digits >> 32) == UInt8(ascii: ".")
        else { return nil }
        var isWrong = false
        func digit(_ byte: UInt64) -> Int64 {
            let value = UInt8(truncatingIfNeeded: digits >> (byte * 8)) &- UInt8(ascii: "0")
            if value > 9 { isWrong = true }
            return Int64(value)
        }
        let second = digit(2) * 10 + digit(3)
        let fraction = digit(5) * 100 + digit(6) * 10 + digit(7)
        guard !isWrong, second < 60 else { return nil }
        return second * 1000 + fraction
    }
}

/// Writes times in the database's text form. Caches the last minute, because the next event of a stream is most often
/// in the same minute.
package struct TimestampFormatter: Sendable {
    /// Bytes of `YYYY-MM-DD HH:MM:SS.SSS`.
    package static let length = 23

    private static let millisecondsPerMinute: Int64 = 60_000

    /// The cached minute, in minutes since 1970.
    private var minute: Int64 = .min
    /// The text of the cached minute, `YYYY-MM-DD HH:MM`: its first and its last eight bytes, as little-endian numbers.
    private var minuteText: (UInt64, UInt64) = (0, 0)

    package init() {}

    /// Writes `milliseconds` (years 0 to 9999) into the first 23 bytes of `target`.
    package mutating func write(_ milliseconds: Int64, into target: inout MutableSpan<UInt8>) {
        precondition(target.count >= Self.length)
        var rest = milliseconds % Self.millisecondsPerMinute
        if rest < 0 { rest += Self.millisecondsPerMinute }
        let minute = (milliseconds - rest) / Self.millisecondsPerMinute
        if minute != self.minute { remember(minute) }
        target.store(littleEndian: minuteText.0, at: 0)
        target.store(littleEndian: minuteText.1, at: 8)
        target[16] = UInt8(ascii: ":")
        let time = UInt32(truncatingIfNeeded: rest)
        Self.writeTwoDigits(time / 1000, at: 17, into: &target)
        target[19] = UInt8(ascii: ".")
        let fraction = time % 1000
        target[20] = UInt8(truncatingIfNeeded: fraction / 100) &+ UInt8(ascii: "0")
        Self.writeTwoDigits(fraction % 100, at: 21, into: &target)
    }

    private mutating func remember(_ minute: Int64) {
        self.minute = minute
        var minuteOfDay = minute % 1440
        if minuteOfDay < 0 { minuteOfDay += 1440 }
        let date = Timestamp.date(ofDay: (minute - minuteOfDay) / 1440)
        var text: [16 of UInt8] = .init(repeating: 0)
        var span = text.mutableSpan
        Self.writeTwoDigits(UInt32(date.year / 100), at: 0, into: &span)
        Self.writeTwoDigits(UInt32(date.year % 100), at: 2, into: &span)
        span[4] = UInt8(ascii: "-")
        Self.writeTwoDigits(UInt32(date.month), at: 5, into: &span)
        span[7] = UInt8(ascii: "-")
        Self.writeTwoDigits(UInt32(date.day), at: 8, into: &span)
        span[10] = UInt8(ascii: " ")
        Self.writeTwoDigits(UInt32(minuteOfDay / 60), at: 11, into: &span)
        span[13] = UInt8(ascii: ":")
        Self.writeTwoDigits(UInt32(minuteOfDay % 60), at: 14, into: &span)
        minuteText = (text.span.uint64(at: 0), text.span.uint64(at: 8))
    }

    @inline(__always)
    private static func writeTwoDigits(_ value: UInt32, at index: Int, into target: inout MutableSpan<UInt8>) {
        target[index] = UInt8(truncatingIfNeeded: value / 10) &+ UInt8(ascii: "0")
        target[index &+ 1] = UInt8(truncatingIfNeeded: value % 10) &+ UInt8(ascii: "0")
    }
}
