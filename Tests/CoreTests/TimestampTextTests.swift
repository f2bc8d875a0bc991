import Core
import Foundation
import TestSupport
import Testing

@Suite("Times as text")
struct TimestampTextTests {
    @Test("Random times are written as Foundation writes them, and read back as they were")
    func randomTimes() {
        let foundation = ISO8601DateFormatter()
        foundation.timeZone = .gmt
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<4000 {
            let time = Int64.random(in: Limits.earliestTimestamp...Limits.latestTimestamp, using: &generator)

            let text = Timestamp.rfc3339(time)
            let database = Timestamp.databaseText(time)

            let seconds = foundation.string(from: Date(timeIntervalSince1970: Double(time / 1000)))
            let fraction = String(1000 + time % 1000).dropFirst()
            #expect(text == "\(seconds.dropLast()).\(fraction)Z")
            #expect(database == "\(seconds.dropLast().replacing("T", with: " ")).\(fraction)")
            #expect(Timestamp.parse(text.utf8.span) == time)
            #expect(Timestamp.parse((database + "Z").utf8.span) == time)
        }
    }

    @Test("Times before 1970 count down in milliseconds, not towards zero")
    func beforeTheEpoch() {
        #expect(Timestamp.databaseText(-1) == "1969-12-31 23:59:59.999")
        #expect(Timestamp.databaseText(-86_400_000) == "1969-12-31 00:00:00.000")
        #expect(Timestamp.rfc3339(0) == "1970-01-01T00:00:00.000Z")
    }

    @Test("A formatter that remembers a day writes the next ones right")
    func remembersTheDay() {
        var formatter = TimestampFormatter()
        var generator = SeededGenerator(seed: 2)
        var time: Int64 = 1_700_000_000_000
        for _ in 0..<2000 {
            time += Int64.random(in: -40_000_000...40_000_000, using: &generator)
            var bytes = [UInt8](repeating: 0, count: TimestampFormatter.length)
            var span = bytes.mutableSpan

            formatter.write(time, into: &span)

            #expect(String(decoding: bytes, as: UTF8.self) == Timestamp.databaseText(time))
        }
    }

    @Test("Every day of eight centuries has its number, one after the other")
    func dayNumbers() {
        var number = Timestamp.dayNumber(year: 1600, month: 1, day: 1)
        var previous = Timestamp.date(ofDay: number - 1)
        #expect(previous == (1599, 12, 31))
        var mistakes = 0
        while previous.year < 2400 {
            let date = Timestamp.date(ofDay: number)
            if Timestamp.dayNumber(year: date.year, month: date.month, day: date.day) != number || date <= previous {
                mistakes += 1
            }
            previous = date
            number += 1
        }
        #expect(mistakes == 0)
        #expect(Timestamp.date(ofDay: 0) == (1970, 1, 1))
    }
}
