import Application
import Core
import DatabaseTesting
import GRDB
import Intake
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

@testable import Database

/// What intake accepts the drain stores: whatever the drain would drop, intake has to refuse before the acknowledgement.
struct IngestLimitsTests {
    private static let numbers: [Int64] = [
        .min, -1, 0, 1, Limits.earliestTimestamp - 1, Limits.earliestTimestamp, 1_795_422_600_250,
        1_795_422_600_250 + Limits.aheadMilliseconds, 1_795_422_600_251 + Limits.aheadMilliseconds,
        Limits.latestTimestamp, Limits.latestTimestamp + 1, Limits.durationMilliseconds,
        Limits.durationMilliseconds + 1, Limits.servicesCount, Limits.servicesCount + 1, Limits.portsUsed,
        Limits.portsUsed + 1, Int64(UInt32.max) + 1, .max,
    ]

    /// Texts from one byte to one more than the longest of any field.
    private static let texts =
        ["a", "-", "9", ".a"]
        + [1, 32, 63, 64, 65, 131, 132, 4096].map {
            String(repeating: "a", count: $0)
        } + [Array(repeating: String(repeating: "b", count: 32), count: 5).joined(separator: " ")]

    /// A parsed event for every number and every text in every field, beside a command.
    private static func drafts() -> [ParsedEvent] {
        var drafts: [ParsedEvent] = []
        for field in EventField.allCases where field != .success {
            var base = ParsedEvent()
            if field != .command { base.set(.command, "make") }
            drafts.append(base)
            switch field {
            case .timestamp, .durationMS, .servicesCount, .portsUsed:
                for number in numbers {
                    var parsed = base
                    parsed.set(field, number)
                    drafts.append(parsed)
                }
            default:
                for text in texts {
                    var parsed = base
                    parsed.set(field, text)
                    drafts.append(parsed)
                }
            }
        }
        return drafts
    }

    /// The same as lines of NDJSON, once as the plain decoder takes them and once as only the other one does.
    private static func lines() -> [String] {
        var lines: [String] = []
        for field in EventField.allCases where field != .success {
            let rest = field == .command ? #""event_type":"t""# : #""command":"make""#
            let values =
                switch field {
                case .timestamp, .durationMS, .servicesCount, .portsUsed: numbers.map { "\($0)" }
                default: texts.map { "\"\($0)\"" }
                }
            for value in values {
                lines.append("{\(rest),\"\(field.key)\":\(value)}")
                lines.append("{ \(rest) ,\"more\":[1], \"\(field.key)\" :\(value) }")
            }
        }
        return lines
    }

    @Test(
        "Everything that intake accepts, at every limit and with every clock, is in the table after a drain",
        arguments: [
            Int64.min, -1, 300_000, Limits.earliestTimestamp - 1, Limits.earliestTimestamp, 1_795_422_600_250,
            Limits.latestTimestamp, Limits.latestTimestamp + 1, .max,
        ])
    func everything(now: Int64) async throws {
        let folder = try TemporaryFolder()
        let data = folder.data
        try data.folder.prepare()
        var intake = EventIntake(key: BufferFiller.key, session: "ambient", clock: ManualWallClock(now))
        var batch = RecordBatch()
        var accepted = 0
        for parsed in Self.drafts() where (try? intake.accept(parsed) { batch.append($0) }) != nil { accepted += 1 }
        for line in Self.lines() where (try? intake.accept(line: Array(line.utf8).span) { batch.append($0) }) != nil {
            accepted += 1
        }
        let isClockRight = now >= Limits.earliestTimestamp && now <= Limits.latestTimestamp
        #expect(isClockRight ? accepted > 100 : accepted == 0)
        let taken = intake.takeRejections()
        let rejections = try #require(taken)
        batch.append(rejections.encoded().span)
        _ = try SegmentAppender(buffer: WriteAheadBuffer(folder: data.bufferFolder)).append(batch.bytes.span)
        let lock = try AnotherWriter.waitedFor(in: data)
        let writer = try SQLiteWriter(data: data, lock: lock, clock: ManualWallClock(1_795_422_600_250))
        #expect(try await writer.drain() == accepted)
        try await writer.finish()
        let counters = try #require(try StoreReader(data: data)?.eventCounters())
        #expect(counters.stored == accepted && counters.damagedRecords == 0 && counters.balance)
        #expect(counters.rejected == rejections.rejected)
        #expect(try Tables(data).number("SELECT count(*) FROM events") == accepted)
    }
}
