import Core
import WriteAheadBuffer

/// Truncates a segment at every byte of its last three records, as a power cut may do.
struct TruncationMode: Mode {
    let name = "truncation"
    let bar = "cut at every byte of the last three records: all earlier records recovered, 0 crashes"

    private static let events = 40

    func run(_ settings: Settings) throws -> Verdict {
        let segment = try SealedSegment(of: Self.events, by: settings.programs)
        let start = segment.records[Self.events - 3].lowerBound - SegmentFormat.recordHeaderLength
        // The real program reads every truncated segment, or only each `step`-th at a low scale.
        let step = settings.scale >= 1 ? 1 : max(1, Int(1 / settings.scale) / 4)
        var runs = 0
        for end in start...segment.bytes.count {
            let cut = Array(segment.bytes[..<end])
            let whole = segment.records.count { SegmentFormat.aligned($0.upperBound) <= end }
            let found = SegmentReading(of: cut)
            guard found.records.elementsEqual(segment.records.prefix(whole)) else {
                throw InvariantViolation("cut at byte \(end): \(found.records.count) records instead of \(whole)")
            }
            guard (end - start) % step == 0 else { continue }
            try drain(cut, of: segment, expecting: whole, at: end, settings)
            runs += 1
        }
        return Verdict(
            "\(segment.bytes.count - start + 1) cuts read, \(runs) of them by the real program: all earlier records "
                + "recovered, 0 crashes", isMet: true)
    }

    private func drain(
        _ cut: [UInt8], of segment: SealedSegment, expecting whole: Int, at end: Int, _ settings: Settings
    ) throws {
        let testEnvironment = try TestEnvironment(settings.programs)
        try segment.write(cut, to: testEnvironment)
        try testEnvironment.flush()
        let numbers = try Invariants(testEnvironment: testEnvironment).storedNumbers()
        guard numbers.count == whole, whole == 0 || numbers.max() == whole else {
            throw InvariantViolation("cut at byte \(end): the real program stored \(numbers.count) of \(whole)")
        }
    }
}
