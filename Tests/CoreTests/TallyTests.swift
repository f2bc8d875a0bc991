import Core
import SystemSupport
import TestSupport
import Testing

@Suite("Counts of what was not stored")
struct TallyTests {
    @Test("Counts come back as they were")
    func roundTrip() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<300 {
            var tally = Tally()
            for item in Tally.Item.all where Bool.random(using: &generator) {
                tally.count(item, times: Int.random(in: 1...Int.max / 64, using: &generator))
            }

            let payload = tally.encoded()

            #expect(Tally(payload.span) == tally)
            #expect(payload.count <= Limits.recordBytes)
        }
    }

    @Test("Items have numbers of their own that do not change")
    func codes() {
        for (index, reason) in Rejection.Reason.allCases.enumerated() {
            #expect(Int(reason.rawValue) == index + 1)
        }
        var tally = Tally()
        tally.count(.rejected(.contradiction), times: 3)
        tally.count(.droppedField, times: 2)
        tally.count(.cutCommand, times: 258)

        let payload = tally.encoded()

        #expect(payload[0..<8] == [2, 3, 0, 0, 0, 0, 0, 0])
        #expect(payload[8..<24] == [14, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0])
        #expect(payload[24..<40] == [128, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0])
        #expect(payload[40...] == [129, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0])
    }

    @Test("What a newer version counts is passed over, and the rest is kept")
    func unknownCodes() {
        let payload = Self.payload([(127, 9), (3, 4), (.max, 1)])

        let tally = Tally(payload.span)

        var expected = Tally()
        expected.count(.rejected(.lineTooLong), times: 4)
        #expect(tally == expected)
    }

    @Test("Counts beyond what a number holds stay at its end, whatever a record says")
    func overflow() throws {
        let payload = Self.payload([(1, .max), (1, .max), (2, .max)])

        var tally = try #require(Self.read(payload))
        tally.add(tally)

        #expect(tally[.rejected(.notJSON)] == .max)
        #expect(tally.rejected == .max)
    }

    @Test("Only whole tallies are read")
    func wrongLength() {
        var tally = Tally()
        tally.count(.droppedField)
        let payload = tally.encoded()
        for count in 0..<payload.count { #expect(Self.read(Array(payload.prefix(count))) == nil) }
        #expect(Self.read(payload + [0]) == nil)
        #expect(Self.read([1] + payload.dropFirst()) == nil)
        #expect(Self.read(payload) == tally)
    }

    @Test("Sums hold rejections only, and nothing is counted for no times")
    func sums() {
        var tally = Tally()
        tally.count(.droppedField, times: 0)
        tally.count(.cutCommand, times: -1)
        #expect(tally.isEmpty)

        tally.count(.rejected(.notJSON), times: 2)
        tally.count(.rejected(.looksSecret))
        tally.count(.cutCommand, times: 7)
        var other = Tally()
        other.count(.rejected(.notJSON), times: 5)
        tally.add(other)

        #expect(tally.rejected == 8)
        #expect(tally[.rejected(.notJSON)] == 7)
        #expect(tally[.cutCommand] == 7)
        #expect(tally[.droppedField] == 0)
    }

    private static func read(_ payload: [UInt8]) -> Tally? { Tally(payload.span) }

    private static func payload(_ entries: [(code: UInt64, times: UInt64)]) -> [UInt8] {
        var payload: [UInt8] = [2, UInt8(entries.count), 0, 0, 0, 0, 0, 0]
        for entry in entries {
            payload.append(littleEndian: entry.code)
            payload.append(littleEndian: entry.times)
        }
        return payload
    }
}
