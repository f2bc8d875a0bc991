import Core
import Intake
import SystemSupport

/// Reads the file of resh (resh 3, internal/recio/read.go and record/v1.go; resh 2, record/legacy.go). Each line is a
/// JSON object. In lines of resh 3, the version `v1` precedes the object.
///
///     v1{"cmdLine":"make","exitCode":0,"time":"1700000000.25","duration":"1.5", …}
///     {"cmdLine":"make","exitCode":0,"realtimeBefore":1700000000.25,"realtimeDuration":1.5,"shell":"zsh", …}
///
/// resh writes the start and the end of a command separately, and merges them. A start that was never merged has no
/// outcome. An end that was never merged has no time.
struct ReshHistory: HistoryReader {
    private let lines: LineReader
    private var raw: [UInt8] = []

    init(_ lines: LineReader) { self.lines = lines }

    var progress: Double { lines.progress }

    mutating func next(into entry: inout HistoryEntry) throws -> HistoryItem? {
        while true {
            raw.removeAll(keepingCapacity: true)
            guard let line = try lines.next(appendingTo: &raw) else { return nil }
            if line.isTooLong { return .skipped(.tooLong) }
            guard let record = Self.record(raw) else { return .skipped(.broken) }
            // A line with `sessionExit` records the end of a shell. It is not a command and is not counted.
            if record["sessionExit"] != .bool(true) { return Self.take(record, into: &entry) }
        }
    }

    /// Returns the members of a line in either of the two forms; nil for any other line.
    private static func record(_ line: [UInt8]) -> [String: JSONValue]? {
        guard let brace = line.firstIndex(of: UInt8(ascii: "{")), brace == 0 || line[..<brace].elementsEqual("v1".utf8),
            case .object(let members)? = JSONValue(Array(line[brace...]))
        else { return nil }
        return Dictionary(members.map { ($0.key, $0.value) }) { first, _ in first }
    }

    private static func take(_ record: [String: JSONValue], into entry: inout HistoryEntry) -> HistoryItem {
        guard case .string(let line)? = record["cmdLine"] else { return .skipped(.broken) }
        guard let time = (record["time"] ?? record["realtimeBefore"])?.seconds?.milliseconds, time > 0 else {
            return .skipped(.undated)
        }
        entry.line = Array(line.utf8)
        entry.facts = .init(time: time)
        let isMerged = record["partsNotMerged"] != .bool(true) && record["partsMerged"] != .bool(false)
        if record["partOne"] != .bool(true) || isMerged {
            entry.facts.durationMS = (record["duration"] ?? record["realtimeDuration"])?.seconds?.knownDuration
            entry.facts.status = record["exitCode"]?.seconds?.exitCode
        }
        if case .string(let shell)? = record["shell"] { entry.facts.shell = ShellDialect(rawValue: shell) }
        return .entry
    }
}

extension JSONValue {
    /// The value of a JSON number, or of a text that contains a number; nil for any other value. resh writes times in
    /// both forms.
    fileprivate var seconds: Double? {
        switch self {
        case .number(let text), .string(let text):
            Double(text).flatMap { $0.isFinite ? $0 : nil }
        default: nil
        }
    }
}
