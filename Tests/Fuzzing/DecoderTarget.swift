import Core
import Intake
import SystemSupport

/// One line of input, whatever it is. What is accepted must be a record that can be read, hold nothing but what the
/// privacy rules let through, and be the same once more when it is written as a line and taken again.
enum DecoderTarget {
    /// Dates what has no date.
    private struct StoppedClock: WallClock {
        func now() -> Int64 { 1_795_422_600_250 }
    }

    private static let key = HashKey(bytes: Array(repeating: 7, count: HashKey.length))

    static func examine(_ line: [UInt8]) {
        var intake = EventIntake(key: key, session: "ambient", clock: StoppedClock())
        guard (try? intake.accept(line: line.span)) != nil else { return }
        let payload = intake.payload
        guard payload.count <= Limits.recordBytes, let record = EventRecord(payload.span) else {
            fatalError("an accepted line makes no record")
        }
        for place in [record.workspaceHash, record.taskHash] where !place.isEmpty {
            precondition(place.count == Limits.hashCharacters && payload[place].allSatisfy(isHexadecimal))
        }
        for place in texts(of: record) {
            precondition(payload[place].allSatisfy(isPlain), "a byte that no rule lets through")
        }
        var again = EventIntake(key: key, session: "ambient", clock: StoppedClock())
        guard (try? again.accept(line: Array(self.line(record, payload).utf8).span)) != nil,
            again.payload == payload
        else { fatalError("an event changes when it is taken again") }
    }

    private static func texts(of record: EventRecord) -> [Range<Int>] {
        [record.sessionID, record.eventType, record.command, record.errorCategory, record.templateUsed]
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    /// What may stand in any text: no name with a slash, a quote or a letter beyond ASCII gets through as it is.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: ".:_- ".utf8.contains(byte)
        }
    }

    /// The record as a line again.
    private static func line(_ record: EventRecord, _ payload: [UInt8]) -> String {
        var members = ["\"timestamp\":\(record.timestamp)"]
        let places = [
            ("session_id", record.sessionID), ("event_type", record.eventType), ("command", record.command),
            ("error_category", record.errorCategory), ("template_used", record.templateUsed),
            ("workspace_hash", record.workspaceHash), ("task_hash", record.taskHash),
        ]
        for (key, place) in places where !place.isEmpty {
            members.append("\"\(key)\":\"\(Array(payload[place]).text)\"")
        }
        if let duration = record.durationMS { members.append("\"duration_ms\":\(duration)") }
        if let success = record.success { members.append("\"success\":\(success)") }
        if let services = record.servicesCount { members.append("\"services_count\":\(services)") }
        if let ports = record.portsUsed { members.append("\"ports_used\":\(ports)") }
        return "{" + members.joined(separator: ",") + "}"
    }
}
