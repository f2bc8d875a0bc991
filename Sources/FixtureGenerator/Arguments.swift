/// What the command line asks for, with every value already checked.
struct Arguments {
    /// The number of lines to write.
    private(set) var events = 10_000
    /// Chooses one of the possible streams; the same seed always gives the same bytes.
    private(set) var seed: UInt64 = 1
    /// The number of calendar days the stream covers, the last one included.
    private(set) var days = 30
    /// The last day of the stream, in UTC.
    private(set) var until = CalendarDay(year: 2026, month: 11, day: 23)
    /// How each event is laid out on its line.
    private(set) var format = LineFormat.json
    /// Whether the small stream with exact totals is wanted; it makes `events` and `days` irrelevant.
    private(set) var isDashboard = false

    /// Reads the words after the program name; a flag given twice takes its last value.
    init(_ words: [String]) throws(ArgumentError) {
        var rest = words[...]
        while let flag = rest.popFirst() {
            switch flag {
            case "--events": events = try Self.integer(after: flag, in: &rest, within: 0...1_000_000_000)
            case "--seed": seed = try Self.integer(after: flag, in: &rest, within: 0...UInt64.max)
            case "--days": days = try Self.integer(after: flag, in: &rest, within: 1...3_650)
            case "--until": until = try Self.day(after: flag, in: &rest)
            case "--csv": format = .csv
            case "--dashboard": isDashboard = true
            default: throw .unknownFlag(flag)
            }
        }
    }

    private static func integer<Number: FixedWidthInteger>(
        after flag: String, in rest: inout ArraySlice<String>, within range: ClosedRange<Number>
    ) throws(ArgumentError) -> Number {
        guard let word = rest.popFirst() else { throw .missingValue(flag) }
        guard let number = Number(word), range.contains(number) else {
            let wanted = "a whole number from \(range.lowerBound) to \(range.upperBound)"
            throw .badValue(flag: flag, word: word, wanted: wanted)
        }
        return number
    }

    private static func day(
        after flag: String, in rest: inout ArraySlice<String>
    ) throws(ArgumentError) -> CalendarDay {
        guard let word = rest.popFirst() else { throw .missingValue(flag) }
        guard let day = CalendarDay(text: word) else {
            let wanted = "a date such as 2026-11-23 in the years 1980 to 9999"
            throw .badValue(flag: flag, word: word, wanted: wanted)
        }
        return day
    }
}

/// Why a command line was refused.
enum ArgumentError: Error {
    /// A word that is none of the known flags.
    case unknownFlag(String)
    /// A flag at the end of the line whose value is absent.
    case missingValue(String)
    /// A value that does not have the form, or lies outside the range, that the flag needs.
    case badValue(flag: String, word: String, wanted: String)

    /// One sentence for the person who typed the command.
    var sentence: String {
        switch self {
        case .unknownFlag(let flag): "The flag \"\(flag)\" is not known."
        case .missingValue(let flag): "The flag \(flag) needs a value."
        case .badValue(let flag, let word, let wanted): "The flag \(flag) needs \(wanted), not \"\(word)\"."
        }
    }
}
