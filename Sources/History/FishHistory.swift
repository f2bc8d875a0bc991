import Core
import Intake
import SystemSupport

/// Reads fish's history file, whose format resembles YAML (fish 4.0, src/history/yaml_backend.rs).
///
///     - cmd: make test
///       when: 1700000000
///       paths:
///         - Makefile
///
/// `\\` is a backslash and `\n` a line feed; nothing else is escaped. fish keeps each command line once, with the time
/// of its last run.
struct FishHistory: HistoryReader {
    private let lines: LineReader
    private var raw: [UInt8] = []
    /// `entry` or the reason to skip the current entry; nil if there is no current entry.
    private var current: HistoryItem?
    private var line: [UInt8] = []
    private var time: Int64?

    init(_ lines: LineReader) { self.lines = lines }

    var progress: Double { lines.progress }

    mutating func next(into entry: inout HistoryEntry) throws -> HistoryItem? {
        while true {
            raw.removeAll(keepingCapacity: true)
            guard let line = try lines.next(appendingTo: &raw) else { return finishEntry(&entry) }
            // A killed shell may leave a line without a line feed, or lines with NUL. fish skips entries with such
            // lines.
            guard line.isTerminated, !raw.contains(0) else {
                if current != nil { current = .skipped(.broken) }
                continue
            }
            if raw.span.hasPrefix("- cmd: ") {
                let item = finishEntry(&entry)
                begin(line)
                if let item { return item }
            } else if !line.isTooLong, raw.span.hasPrefix("  when: "), time == nil {
                time = Self.time(raw.span)
            } else if !raw.isEmpty, raw[0] != UInt8(ascii: " ") {
                let item = finishEntry(&entry)
                current = .skipped(.broken)
                if let item { return item }
            }
        }
    }

    private mutating func begin(_ read: LineReader.Line) {
        time = nil
        line.removeAll(keepingCapacity: true)
        guard !read.isTooLong else {
            current = .skipped(.tooLong)
            return
        }
        current = .entry
        var text: [UInt8] = []
        swap(&text, &line)
        Self.unescape(raw.span.extracting(7..<raw.count), into: &text)
        swap(&text, &line)
    }

    private mutating func finishEntry(_ entry: inout HistoryEntry) -> HistoryItem? {
        defer { current = nil }
        guard case .entry? = current else { return current }
        guard let time else { return .skipped(.undated) }
        swap(&entry.line, &line)
        entry.facts = .init(time: time)
        return .entry
    }

    private static func time(_ line: Span<UInt8>) -> Int64? {
        guard let number = line.decimal(from: 8), number.value > 0 else { return nil }
        return number.value.milliseconds
    }

    /// Decodes fish's escapes in `raw`, in one pass from left to right, and appends the result to `line`.
    static func unescape(_ raw: Span<UInt8>, into line: inout [UInt8]) {
        var index = 0
        while index < raw.count {
            let byte = raw[index]
            index += 1
            guard byte == UInt8(ascii: "\\"), index < raw.count else {
                line.append(byte)
                continue
            }
            switch raw[index] {
            case UInt8(ascii: "n"): line.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "\\"): line.append(byte)
            default: line += [byte, raw[index]]
            }
            index += 1
        }
    }
}
