import Core
import SystemSupport
import TestSupport
import Testing

@Suite("Rejection counters")
struct RejectionCountersTests {
    @Test("Counters are read back unchanged")
    func roundTrip() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<300 {
            var rejections = RejectionCounters()
            for item in RejectionCounters.Item.all where Bool.random(using: &generator) {
                rejections.count(item, times: Int.random(in: 1...Int.max / 64, using: &generator))
            }

            let payload = rejections.encoded()

            #expect(RejectionCounters(payload.span) == rejections)
            #expect(payload.count <= Limits.recordBytes)
        }
    }

    @Test("Items have numbers of their own that do not change")
    func codes() {
        for (index, reason) in Rejection.Reason.allCases.enumerated() {
            #expect(Int(reason.rawValue) == index + 1)
        }
        var rejections = RejectionCounters()
        rejections.count(.rejected(.contradiction), times: 3)
        rejections.count(.droppedField, times: 2)
        rejections.count(.cutCommand, times: 258)

        let payload = rejections.encoded()

        #expect(payload[0..<8] == [2, 3, 0, 0, 0, 0, 0, 0])
        #expect(payload[8..<24] == [14, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0])
        #expect(payload[24..<40] == [128, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0])
        #expect(payload[40...] == [129, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0])
    }

    @Test("Counters of a newer version are skipped, and the rest is kept")
    func unknownCodes() {
        let payload = Self.payload([(127, 9), (3, 4), (.max, 1)])

        let rejections = RejectionCounters(payload.span)

        var expected = RejectionCounters()
        expected.count(.rejected(.lineTooLong), times: 4)
        #expect(rejections == expected)
    }

    @Test("Counters stop at the largest number, whatever a record contains")
    func overflow() throws {
        let payload = Self.payload([(1, .max), (1, .max), (2, .max)])

        var rejections = try #require(Self.read(payload))
        rejections.add(rejections)

        #expect(rejections[.rejected(.notJSON)] == .max)
        #expect(rejections.rejected == .max)
    }

    @Test("Incomplete counters are not read")
    func wrongLength() {
        var rejections = RejectionCounters()
        rejections.count(.droppedField)
        let payload = rejections.encoded()
        for count in 0..<payload.count { #expect(Self.read(Array(payload.prefix(count))) == nil) }
        #expect(Self.read(payload + [0]) == nil)
        #expect(Self.read([1] + payload.dropFirst()) == nil)
        #expect(Self.read(payload) == rejections)
    }

    @Test("Sums hold rejections only, and a count of zero adds nothing")
    func sums() {
        var rejections = RejectionCounters()
        rejections.count(.droppedField, times: 0)
        rejections.count(.cutCommand, times: -1)
        #expect(rejections.isEmpty)

        rejections.count(.rejected(.notJSON), times: 2)
        rejections.count(.rejected(.looksSecret))
        rejections.count(.cutCommand, times: 7)
        var other = RejectionCounters()
        other.count(.rejected(.notJSON), times: 5)
        rejections.add(other)

        #expect(rejections.rejected == 8)
        #expect(rejections[.rejected(.notJSON)] == 7)
        #expect(rejections[.cutCommand] == 7)
        #expect(rejections[.droppedField] == 0)
    }

    private static func read(_ payload: [UInt8]) -> RejectionCounters? { RejectionCounters(payload.span) }

    private static func payload(_ entries: [(code: UInt64, times: UInt64)]) -> [UInt8] {
        var payload: [UInt8] = [2, UInt8(entries.count), 0, 0, 0, 0, 0, 0]
        for entry in entries {
            payload.append(littleEndian: entry.code)
            payload.append(littleEndian: entry.times)
        }
        return payload
    }
}
