import Foundation

/// The corpus as lines of NDJSON, for the ways in that take those.
enum HostileLines {
    /// Every field that takes a text, and one that takes a number.
    private static let fields = [
        "workspace", "task", "command", "event_type", "error_category", "template_used", "session_id", "workspace_hash",
        "task_hash", "timestamp", "duration_ms",
    ]

    /// A value in each field, behind plain words of a command, as a key, inside the value of an unknown key, and as the
    /// line itself.
    private static func lines(of value: HostileValue, written text: String) -> [String] {
        fields.map { field in
            field == "command" ? "{\"command\":\(text)}" : "{\"command\":\"make\",\"\(field)\":\(text)}"
        } + [
            "{\"command\":\"make now \(text.dropFirst())}", "{\"command\":\"make\",\(text):1}",
            "{\"command\":\"make\",\"password\":[{\"a\":\(text)}]}", "{\"comm\\u0061nd\":\(text),\"success\":true}",
        ]
    }

    /// Each value as JSON has it, each with every character escaped, and each by itself.
    static let all: [String] = HostileValue.all.flatMap { value in
        lines(of: value, written: quoted(value.text)) + lines(of: value, written: escaped(value.text)) + [value.text]
    }

    private static func quoted(_ text: String) -> String {
        let data = try? JSONEncoder().encode(text)
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    private static func escaped(_ text: String) -> String {
        let units = text.utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        return "\"" + units.joined() + "\""
    }
}
