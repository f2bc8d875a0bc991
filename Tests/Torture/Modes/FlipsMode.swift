import Core
import SystemSupport
import TestSupport
import WriteAheadBuffer

/// Changes single bits of sealed segments, in the header and in the records.
struct FlipsMode: Mode {
    let name = "flips"
    let bar = "10,000 bit flips: all noticed, at most one record lost each, counts exact"

    private static let events = 500

    func run(_ settings: Settings) throws -> Verdict {
        let segment = try SealedSegment(of: Self.events, by: settings.programs)
        var random = SeededGenerator(seed: settings.seed)
        let flips = settings.count(10_000, least: 200)
        let samples = settings.count(200, least: 5)
        var lost = 0
        for flip in 0..<flips {
            let bit = Int.random(in: 0..<segment.bytes.count * 8, using: &random)
            var changed = segment.bytes
            changed[bit / 8] ^= 1 << (bit % 8)
            do {
                let kept = try read(changed, of: segment, isHeader: bit / 8 < SegmentFormat.headerLength)
                lost += Self.events - kept
                if flip < samples { try drain(changed, of: segment, expecting: kept, settings) }
            } catch {
                throw InvariantViolation("bit \(bit), flip \(flip + 1) with --seed \(settings.seed): \(error)")
            }
        }
        return Verdict(
            "\(flips) flips, \(samples) of them read by the real program: all noticed, \(lost) records lost, counts exact",
            isMet: true)
    }

    /// Returns the number of readable records. Throws if the change is not noticed, or if a record is lost that does
    /// not contain the changed bit.
    private func read(_ changed: [UInt8], of segment: SealedSegment, isHeader: Bool) throws -> Int {
        let found = SegmentReading(of: changed)
        if isHeader {
            guard found.header == .damaged else { throw InvariantViolation("the damaged header was not noticed") }
            guard found.records == segment.records else { throw InvariantViolation("a record is lost") }
            return found.records.count
        }
        guard found.gaps.count == 1, found.torn == 0 else {
            throw InvariantViolation(
                "\(found.gaps.count) gaps; the reader takes \(found.torn) of them for an append of a killed writer")
        }
        guard found.records.count == segment.records.count - 1,
            Set(found.records).isSubset(of: segment.records)
        else { throw InvariantViolation("\(segment.records.count - found.records.count) records are lost") }
        return found.records.count
    }

    /// Drains the segment with the real program. Throws unless it stores the readable records, counts the lost record
    /// and keeps the damaged segment.
    private func drain(
        _ changed: [UInt8], of segment: SealedSegment, expecting kept: Int, _ settings: Settings
    ) throws {
        let testEnvironment = try TestEnvironment(settings.programs)
        try segment.write(changed, to: testEnvironment)
        try testEnvironment.flush()
        let invariants = Invariants(testEnvironment: testEnvironment)
        let rows = try invariants.query("SELECT count(*), count(DISTINCT duration_ms) FROM events")
        guard rows == "\(kept)|\(kept)\n" else {
            throw InvariantViolation("the real program stored \(rows) instead of \(kept)")
        }
        let counted = try invariants.query("SELECT total(count) FROM counters WHERE name = 'damaged_records'")
        guard counted == "\(segment.records.count - kept).0\n" else {
            throw InvariantViolation("damaged records: \(counted)")
        }
        let aside = try WriteAheadBuffer(folder: testEnvironment.data.bufferFolder).damagedSegments()
        guard aside.count == 1 else { throw InvariantViolation("the damaged segment was not kept aside") }
    }
}
