import Core
import Intake
import SystemSupport

/// Reads zsh's history file (zsh 5.9, Src/hist.c, `readhistfile`).
///
///     : 1700000000:12;make -j8 \
///     test
///     plain line
///
/// With EXTENDED_HISTORY, an entry begins with the start and the duration of its command, in seconds. A duration of 0
/// may also mean that zsh wrote the entry before its command ended (SHARE_HISTORY, INC_APPEND_HISTORY). Therefore 0 is
/// read as an unknown duration. A backslash before a line feed continues the entry. zsh writes some bytes, including
/// some bytes of UTF-8 characters, as 0x83 followed by the byte XOR 0x20.
struct ZshHistory: HistoryReader {
    private let lines: LineReader
    private var raw: [UInt8] = []

    init(_ lines: LineReader) { self.lines = lines }

    var progress: Double { lines.progress }

    mutating func next(into entry: inout HistoryEntry) throws -> HistoryItem? {
        raw.removeAll(keepingCapacity: true)
        guard var line = try lines.next(appendingTo: &raw) else { return nil }
        var isTooLong = line.isTooLong
        while line.isTerminated, line.lastByte == UInt8(ascii: "\\") {
            if !isTooLong { raw[raw.count - 1] = UInt8(ascii: "\n") }
            guard let next = try lines.next(appendingTo: &raw) else { break }
            line = next
            isTooLong = isTooLong || line.isTooLong
        }
        if isTooLong { return .skipped(.tooLong) }
        if raw.isEmpty { return .skipped(.noCommand) }
        // A line that zsh wrote without EXTENDED_HISTORY has no time. In such a line zsh escapes a colon at the
        // beginning.
        guard raw[0] == UInt8(ascii: ":") else { return .skipped(.undated) }
        guard let (start, length, end) = Self.times(raw.span) else { return .skipped(.undated) }
        guard start > 0, let time = start.milliseconds else { return .skipped(.undated) }
        entry.line.removeAll(keepingCapacity: true)
        Self.unmetafy(raw.span.extracting(end..<raw.count), into: &entry.line)
        entry.facts.time = time
        entry.facts.durationMS = Self.duration(start: start, length)
        entry.facts.status = nil
        return .entry
    }

    /// Returns the start and the duration (`length`) of an entry, in seconds, and the index of its command line
    /// (`end`). Nil if the text does not begin with a start and a duration.
    private static func times(_ raw: Span<UInt8>) -> (start: Int64, length: Int64, end: Int)? {
        var index = 1
        while index < raw.count, raw[index] == UInt8(ascii: " ") { index += 1 }
        guard let start = raw.decimal(from: index), start.end < raw.count, raw[start.end] == UInt8(ascii: ":"),
            let length = raw.decimal(from: start.end + 1), length.end < raw.count,
            raw[length.end] == UInt8(ascii: ";")
        else { return nil }
        return (start.value, length.value, length.end + 1)
    }

    /// Returns the duration in milliseconds; nil if it is unknown. Old versions of zsh wrote the end of the command
    /// instead of its duration (`length`).
    private static func duration(start: Int64, _ length: Int64) -> Int64? {
        let seconds = length >= start ? length - start : length
        guard seconds > 0, let duration = seconds.milliseconds, duration <= Limits.durationMilliseconds else {
            return nil
        }
        return duration
    }

    /// Decodes zsh's encoding in `raw` (zsh 5.9, Src/utils.c, `unmetafy`) and appends the result to `line`.
    static func unmetafy(_ raw: Span<UInt8>, into line: inout [UInt8]) {
        guard raw.firstIndex(of: meta, from: 0) != nil else { return line.append(raw) }
        var index = 0
        while index < raw.count {
            if raw[index] == meta, index + 1 < raw.count {
                line.append(raw[index + 1] ^ 0x20)
                index += 2
            } else {
                line.append(raw[index])
                index += 1
            }
        }
    }

    private static let meta: UInt8 = 0x83
}
