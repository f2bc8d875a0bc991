import Core
import TestSupport
import Testing
import WriteAheadBuffer

@Suite("Torn and damaged segments")
struct DamageTests {
    private static let number = WriteAheadBuffer.SegmentNumber(5)

    @Test("A segment truncated anywhere in its last three records gives all records before")
    func truncation() throws {
        let harness = try BufferHarness()
        let payloads = (0..<20).map { event($0) }
        let records = payloads.map { batch([$0]).bytes.count }
        let whole = harness.header() + batch(payloads).bytes
        let lastThree = whole.count - records.suffix(3).reduce(0, +)
        for end in lastThree...whole.count {
            var kept = 0
            var room = end - SegmentFormat.headerLength
            while kept < records.count, records[kept] <= room {
                room -= records[kept]
                kept += 1
            }

            let scan = Scan(of: Array(whole[..<end]), from: SegmentFormat.headerLength)

            #expect(scan.payloads == Array(payloads.prefix(kept)), "cut at \(end)")
            #expect(scan.gaps == (room == 0 ? [] : [Scan.Gap(range: end - room..<end, isTorn: true)]), "cut at \(end)")
        }
    }

    @Test("Another appender continues after a torn record; both sides are read, and the bytes between are a gap")
    func tornAndOn() throws {
        let before = (0..<3).map { event($0) }
        let after = (4..<7).map { event($0) }
        let torn = batch([event(3)]).bytes
        for written in 1..<torn.count {
            let harness = try BufferHarness()
            try harness.write(harness.header() + batch(before).bytes + torn.prefix(written), as: Self.number)

            let receipt = try harness.appender().append(after)

            #expect(receipt.segment == Self.number)
            let scan = try Scan(of: harness.buffer)
            if scan.payloads.count == 7 {
                // Only zeros were missing, and zeros are what an appender fills up with.
                #expect(torn[written...].allSatisfy { $0 == 0 })
                #expect(scan.payloads == before + [event(3)] + after)
                continue
            }
            #expect(scan.payloads == before + after, "torn after \(written) bytes")
            #expect(scan.gaps.map(\.range.count) == [SegmentFormat.aligned(written)])
            // A process is killed between two pages, so a piece is as long as a multiple of 8.
            if written % 8 == 0 { #expect(scan.gaps.map(\.isTorn) == [true]) }
        }
    }

    @Test("Each of 2,000 changed bits is detected and damages at most one record", arguments: 0..<8 as Range<UInt64>)
    func bitFlips(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let payloads = (0..<60).map { event($0) }
        let whole = batch(payloads).bytes
        for _ in 0..<250 {
            let bit = Int.random(in: 0..<whole.count * 8, using: &generator)
            var changed = whole
            changed[bit / 8] ^= 1 << (bit % 8)

            let scan = Scan(of: changed)

            #expect(scan.gaps.count == 1, "bit \(bit)")
            #expect(scan.gaps.first?.isTorn == false, "bit \(bit)")
            #expect(scan.payloads.count == payloads.count - 1, "bit \(bit)")
            let lost = Self.record(at: bit / 8, of: payloads)
            #expect(scan.payloads == payloads.enumerated().filter { $0.offset != lost }.map(\.element), "bit \(bit)")
        }
    }

    @Test("Ranges of random bytes damage the records that they overlap and no others")
    func rubbish() {
        var generator = SeededGenerator(seed: 8)
        let payloads = (0..<80).map { event($0) }
        let whole = batch(payloads).bytes
        for _ in 0..<400 {
            let start = Int.random(in: 0..<whole.count, using: &generator)
            let end = min(start + Int.random(in: 1...2000, using: &generator), whole.count)
            var changed = whole
            for index in start..<end { changed[index] = UInt8.random(in: 0...255, using: &generator) }

            let scan = Scan(of: changed)

            let hit = Self.record(at: start, of: payloads)...Self.record(at: end - 1, of: payloads)
            let untouched = payloads.indices.filter { !hit.contains($0) }.map { payloads[$0] }
            let survivors = scan.payloads.filter { payload in !payloads[hit].contains(payload) }
            #expect(survivors == untouched)
            #expect(changed == whole || !scan.gaps.isEmpty)
        }
    }

    @Test("Random bytes give no records and no crash", arguments: 0..<20 as Range<UInt64>)
    func onlyRubbish(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let bytes = (0..<Int.random(in: 0...9000, using: &generator)).map { _ in
            UInt8.random(in: 0...255, using: &generator)
        }
        let scan = Scan(of: bytes)
        #expect(scan.payloads.isEmpty)
        #expect(scan.gapBytes == bytes.count)
    }

    @Test("Zeros, as a file system leaves them after a power cut, are a gap that ends")
    func zeros() {
        let bytes = batch([event(1)]).bytes + [UInt8](repeating: 0, count: 5000) + batch([event(2)]).bytes
        let scan = Scan(of: bytes)
        #expect(scan.numbers == [1, 2])
        #expect(scan.gapBytes == 5000)
    }

    /// The index of the record that the byte at `offset` belongs to.
    private static func record(at offset: Int, of payloads: [[UInt8]]) -> Int {
        var end = 0
        return payloads.firstIndex { payload in
            end += batch([payload]).bytes.count
            return offset < end
        } ?? payloads.count
    }
}
