import EventModel
import Platform
import TestSupport
import Testing

@testable import Intake

/// The usual line is read by a decoder of its own, which must never say anything else than the one that knows all lines.
struct PlainLineTests {
    private static let key =
        ["timestamp", "session_id", "event_type", "workspace", "workspace_hash", "task"]
        + ["task_hash", "command", "duration_ms", "success", "error_category", "template_used", "services_count"]
        + ["ports_used", "unknown", "tas", "tasks", "command "]
    private static let values = [
        "\"make all\"", "\"\"", "\"a\"", "\"0123456789abcdef0123456789abcdef\"", "\"2026-11-23T10:00:00.250Z\"",
        "\"é\"",
        "\"tab\\t\"", "\"\\u0061b\"", "0", "7", "-3", "00", "1.5", "1e3", "1795422600250", "999999999999999999",
        "9999999999999999999", "99999999999999999999", "true", "false", "tru", "falsy", "null", "{}", "[1]", "",
        "\"open",
        "\"a b\" ", " 5",
    ]

    /// What both decoders make of a line: fields as text, or the reason why not.
    private static func describe(_ line: [UInt8], _ decode: (Span<UInt8>, inout EventDraft) throws -> Bool) -> String? {
        var draft = EventDraft()
        draft.reset(keepsText: false)
        do {
            guard try decode(line.span, &draft) else { return nil }
        } catch {
            return "\(error)"
        }
        let text = draft.keepsText ? draft.text : line
        let places = EventField.allCases.map { field in
            draft.place(field).map { Array(text[$0]).text } ?? "-"
        }
        return "\(places) \(draft.timestamp as Any) \(draft.durationMS as Any) \(draft.servicesCount as Any) "
            + "\(draft.portsUsed as Any) \(draft.success as Any) \(draft.unknownKeys)"
    }

    @Test("What it reads it reads as the other does")
    func agrees() {
        var generator = SeededGenerator(seed: 7)
        var plain = PlainLineDecoder()
        var read = 0
        for _ in 0..<20_000 {
            let members = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                let blank = Bool.random(using: &generator) ? " " : ""
                return
                    "\"\(Self.key[..<(Bool.random(using: &generator) ? 8 : Self.key.count)].randomElement(using: &generator) ?? "")\":\(blank)"
                    + (Self.values[..<(Bool.random(using: &generator) ? 5 : Self.values.count)].randomElement(
                        using: &generator) ?? "")
            }
            let separator = Bool.random(using: &generator) ? ", " : ","
            let ending = ["}", "}", "}", "} ", "}\r", "", "}}"].randomElement(using: &generator) ?? ""
            let line = Array(("{" + members.joined(separator: separator) + ending).utf8)
            guard let quick = Self.describe(line, { plain.decode($0, into: &$1) }) else { continue }
            // A blank in front is what only the other understands.
            var decoder = EventDecoder(strict: false)
            let shifted = Array(" ".utf8) + line
            let full = Self.describe(shifted) { line, draft in
                try decoder.decode(line, into: &draft)
                return true
            }
            #expect(full == quick, "\(line.text)")
            read += 1
        }
        #expect(read > 1000, "\(read)")
    }

    @Test("A key in which any one byte is another is not taken for it", arguments: EventField.allCases)
    func otherKeys(field: EventField) {
        let value = field.isText ? "\"a\"" : field == .success ? "true" : "5"
        let line = Array("{\"\(field.key)\":\(value)}".utf8)
        var plain = PlainLineDecoder()
        #expect(Self.describe(line, { plain.decode($0, into: &$1) }) != nil)
        for index in 1..<field.key.utf8.count + 4 {
            for byte in [UInt8(ascii: "X"), UInt8(ascii: "\""), 0xC3] where byte != line[index] {
                var other = line
                other[index] = byte
                #expect(Self.describe(other, { plain.decode($0, into: &$1) }) == nil, "\(other.text)")
            }
        }
    }

    @Test("Every usual form is read by it")
    func usualForms() {
        var plain = PlainLineDecoder()
        let lines = [
            #"{"command":"make"}"#, #"{"command": "make", "duration_ms": 5, "success": true}"#,
            #"{"task":"t","success":false}"#, #"{"timestamp":1795422600250,"event_type":"x","ports_used":0}"#,
        ]
        for line in lines {
            var draft = EventDraft()
            draft.reset(keepsText: false)
            let isRead = plain.decode(Array(line.utf8).span, into: &draft)
            #expect(isRead, "\(line)")
        }
    }
}
