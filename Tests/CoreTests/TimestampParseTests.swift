import Core
import TestSupport
import Testing

@Suite("Reading RFC 3339")
struct TimestampParseTests {
    @Test(
        "A valid text gives its instant",
        arguments: [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:01Z", 1000),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2026-11-23T08:30:00.250Z", 1_795_422_600_250),
            ("2026-11-23T09:30:00.250+01:00", 1_795_422_600_250),
            ("2026-11-23T03:00:00.250-05:30", 1_795_422_600_250),
            ("2026-11-24T08:29:00.250+23:59", 1_795_422_600_250),
            ("2026-11-22T08:31:00.250-23:59", 1_795_422_600_250),
            ("2026-11-23T08:30:00.250-00:00", 1_795_422_600_250),
            ("2026-11-23t08:30:00.250z", 1_795_422_600_250),
            ("2026-11-23 08:30:00.250Z", 1_795_422_600_250),
            ("2026-11-23T08:30:00.2Z", 1_795_422_600_200),
            ("2026-11-23T08:30:00.25Z", 1_795_422_600_250),
            ("2026-11-23T08:30:00.2509999999999999999999Z", 1_795_422_600_250),
            ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("2024-02-29T23:59:59Z", 1_709_251_199_000),
            ("9999-12-31T23:59:59.999Z", Limits.latestTimestamp),
            ("2000-01-01T00:00:00Z", Limits.earliestTimestamp),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
            // A leap second counts as the next one.
            ("2016-12-31T23:59:60Z", 1_483_228_800_000),
            ("2017-01-01T00:59:60+01:00", 1_483_228_800_000),
            ("2016-12-31T15:59:60.5-08:00", 1_483_228_800_500),
        ] as [(String, Int64)])
    func validText(text: String, expected: Int64) {
        #expect(Timestamp.parse(text.utf8.span) == expected)
    }

    @Test(
        "A text that is not a valid time is refused",
        arguments: [
            "", "now", "2026", "2026-11-23", "2026-11-23T08:30:00", "2026-11-23T08:30:00.250", "2026-11-23T08:30Z",
            "2026-02-30T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
            "2026-00-10T00:00:00Z", "2026-13-10T00:00:00Z", "2026-11-00T00:00:00Z", "2026-11-32T00:00:00Z",
            "2026-11-23T24:00:00Z", "2026-11-23T08:60:00Z", "2026-11-23T08:30:61Z", "2026-11-23T08:30:60Z",
            "2016-12-31T23:59:60+01:00", "2026-11-23T08:30:00+24:00", "2026-11-23T08:30:00+01:60",
            "2026-11-23T08:30:00+01", "2026-11-23T08:30:00+0100", "2026-11-23T08:30:00+01:0", "2026-11-23T08:30:00+",
            "2026-11-23T08:30:00.Z", "2026-11-23T08:30:00,5Z", "2026-11-23T08:30:00.5", "2026-11-23T08:30:00ZZ",
            "2026-11-23T08:30:00Z ", " 2026-11-23T08:30:00Z", "2026-11-23_08:30:00Z", "2026/11/23T08:30:00Z",
            "20261123T083000Z....", "+026-11-23T08:30:00Z", "-026-11-23T08:30:00Z", "2026-1a-23T08:30:00Z",
            "12026-11-23T08:30:00Z", "2026-11-23T08:30:00Y", "2026-11-23T08:30:00+01:00Z", "2026-11-23T08:30:00\0",
            "２026-11-23T08:30:00Z",
        ])
    func invalidText(text: String) {
        #expect(Timestamp.parse(text.utf8.span) == nil)
    }

    @Test("No prefix and no changed character of a valid text crashes the reader")
    func stumpsAndMutations() {
        let text = Array("2026-11-23T09:30:00.250+01:00".utf8)
        for count in 0..<text.count {
            #expect(Timestamp.parse(Array(text.prefix(count)).span) == nil, "\(count) bytes")
        }
        for index in text.indices {
            for byte in UInt8.min ... .max {
                var changed = text
                changed[index] = byte
                guard let moment = Timestamp.parse(changed.span) else { continue }
                // Whatever was understood is within the years that four digits can tell.
                #expect(Timestamp.rfc3339(moment).utf8.count == 24)
            }
        }
    }

    @Test("A parser that remembers the last minute and day reads a stream of times as one that does not")
    func rememberingAStream() {
        var parser = TimestampParser()
        var databaseParser = TimestampParser()
        var generator = SeededGenerator(seed: 3)
        var mistakes: [Int64] = []
        var time: Int64 = 1_700_000_000_000
        for _ in 0..<5000 {
            // Most stay in the minute or the day, some go far, forwards and back.
            let reach: Int64 = [10_000, 4_000_000, 40_000_000_000].randomElement(using: &generator) ?? 1
            time += Int64.random(in: -reach...reach, using: &generator)
            let text = Array(Timestamp.rfc3339(time).utf8)
            let databaseText = Array(Timestamp.databaseText(time).utf8)
            if parser.parse(text.span) != time || databaseParser.parse(databaseText: databaseText.span) != time {
                mistakes.append(time)
            }
        }
        #expect(mistakes.isEmpty)
    }

    @Test("A parser that remembers the last day reads every text as one that does not")
    func remembering() {
        var parser = TimestampParser()
        for day in ["2016-12-31", "2017-01-01", "2024-02-29", "2023-02-29", "2016-12-31"] {
            for time in [
                "23:59:60.000Z", "10:00:00.250Z", "23:59:59.999Z", "23:59:60.000Z", "00:00:00.000Z", "24:00:00.000Z",
                "10:60:00.000Z", "10:00:0x.000Z", "10:00:00,000Z", "10:00:00.00ZZ", "10:00:00Z", "10:00:00.25+01:00",
                "10:00:00.0000Z",
            ] {
                let text = Array("\(day)T\(time)".utf8)
                #expect(parser.parse(text.span) == Timestamp.parse(text.span), "\(day)T\(time)")
            }
        }
    }
}
