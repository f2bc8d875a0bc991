import Core
import TestSupport
import Testing
import WriteAheadBuffer

@Suite("Iterating over records")
struct RecordCursorTests {
    @Test("An empty chunk ends immediately")
    func empty() {
        #expect(Scan(of: []) == Scan())
        var cursor = RecordCursor()
        #expect(cursor.next(in: [UInt8]().span, isLast: false) == .needsMore)
    }

    @Test("A chunk split at any offset gives the same records")
    func cutEverywhere() {
        let payloads = (0..<12).map { event($0) }
        let whole = batch(payloads).bytes
        for cut in 0...whole.count {
            var scan = Scan()
            var cursor = RecordCursor()

            scan.add(Array(whole[..<cut]), &cursor, isLast: false, base: 0)
            scan.add(whole, &cursor, isLast: true, base: 0)

            #expect(scan == Scan(payloads: payloads), "cut at \(cut)")
        }
    }

    @Test("Chunks of any size give the same records, also with damaged ranges", arguments: [8, 24, 100, 1500])
    func anyChunks(size: Int) {
        var generator = SeededGenerator(seed: UInt64(size))
        for _ in 0..<12 {
            var bytes: [UInt8] = []
            for number in 0..<40 {
                if Int.random(in: 0..<5, using: &generator) == 0 {
                    let words = Int.random(in: 1..<200, using: &generator)
                    bytes += (0..<words * 8).map { _ in UInt8.random(in: 0...255, using: &generator) }
                }
                bytes += batch([event(number)]).bytes
            }
            let whole = Scan(of: bytes)
            var sizes: [Int] = []
            while sizes.reduce(0, +) < bytes.count { sizes.append(Int.random(in: 1...size, using: &generator)) }

            let inChunks = Self.inChunks(bytes, sizes: sizes)

            #expect(whole.numbers == (0..<40).map(Int64.init))
            #expect(inChunks.payloads == whole.payloads)
            #expect(inChunks.gapBytes == whole.gapBytes)
        }
    }

    @Test("A long range of random bytes is returned in parts, so that a chunk need not hold it")
    func longRubbish() {
        var generator = SeededGenerator(seed: 7)
        let rubbish = (0..<200_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let bytes = rubbish + batch([event(1)]).bytes
        var scan = Scan()
        var offset = 0
        while offset < bytes.count {
            var cursor = RecordCursor()
            let end = min(offset + 4096, bytes.count)
            scan.add(Array(bytes[offset..<end]), &cursor, isLast: end == bytes.count, base: offset)
            #expect(cursor.offset > 0, "no chunk goes by without a step")
            guard cursor.offset > 0 else { return }
            offset += cursor.offset
        }
        #expect(scan.numbers == [1])
        #expect(scan.gapBytes == rubbish.count)
    }

    @Test("A chunk that ends inside a record needs more, and is a torn gap at the end of the segment")
    func endsInside() {
        let bytes = batch([event(1), event(2)]).bytes
        let first = batch([event(1)]).bytes.count
        for end in first + 1..<bytes.count {
            let stump = Array(bytes[..<end])
            var cursor = RecordCursor()
            _ = cursor.next(in: stump.span, isLast: false)
            #expect(cursor.next(in: stump.span, isLast: false) == .needsMore)
            #expect(cursor.offset == first)
            #expect(cursor.next(in: stump.span, isLast: true) == .gap(first..<end, isTorn: true))
            #expect(cursor.next(in: stump.span, isLast: true) == .end)
        }
    }

    @Test("A record that was written whole and changed is not torn")
    func changed() {
        var bytes = batch([event(1), event(2), event(3)]).bytes
        let first = batch([event(1)]).bytes.count
        bytes[first + 20] ^= 4
        let scan = Scan(of: bytes)
        #expect(scan.numbers == [1, 3])
        #expect(scan.gaps.map(\.isTorn) == [false])
    }

    /// Hands the bytes over in chunks as they come; what was not consumed is handed over again.
    private static func inChunks(_ bytes: [UInt8], sizes: [Int]) -> Scan {
        var scan = Scan()
        var start = 0
        var end = 0
        for size in sizes {
            end = min(end + size, bytes.count)
            var cursor = RecordCursor()
            scan.add(Array(bytes[start..<end]), &cursor, isLast: end == bytes.count, base: start)
            start += cursor.offset
        }
        return scan
    }
}
