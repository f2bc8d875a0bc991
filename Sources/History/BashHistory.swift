import Core
import Intake
import SystemSupport

/// Reads bash's history file (bash 5.2, lib/readline/histfile.c, `read_history_range`).
///
///     #1700000000
///     make test
///
/// With HISTTIMEFORMAT set, bash writes a line with `#` and the time in seconds before each entry. All lines up to the
/// next line with a time are one entry. Without HISTTIMEFORMAT, entries have no time.
struct BashHistory: HistoryReader {
    private let lines: LineReader
    private var raw: [UInt8] = []
    /// The lines of the current entry. The entry ends at the next line with a time.
    private var current: [UInt8] = []
    /// The time of the current entry, in milliseconds since 1970; nil before the first line with a time.
    private var time: Int64?
    private var isTooLong = false

    init(_ lines: LineReader) { self.lines = lines }

    var progress: Double { lines.progress }

    mutating func next(into entry: inout HistoryEntry) throws -> HistoryItem? {
        while true {
            raw.removeAll(keepingCapacity: true)
            guard let line = try lines.next(appendingTo: &raw) else {
                let item = finishEntry(&entry)
                time = nil
                return item
            }
            if !line.isTooLong, let seconds = Self.time(raw.span) {
                let item = finishEntry(&entry)
                time = seconds
                if let item { return item }
            } else if time == nil {
                return line.isTooLong ? .skipped(.tooLong) : raw.isEmpty ? .skipped(.noCommand) : .skipped(.undated)
            } else if line.isTooLong || current.count + raw.count >= Limits.historyEntryBytes {
                isTooLong = true
            } else if !isTooLong {
                if !current.isEmpty { current.append(UInt8(ascii: "\n")) }
                current += raw
            }
        }
    }

    /// Ends the current entry and returns it; nil if it has no lines, or if no line with a time was read yet.
    private mutating func finishEntry(_ entry: inout HistoryEntry) -> HistoryItem? {
        defer {
            current.removeAll(keepingCapacity: true)
            isTooLong = false
        }
        guard let time, isTooLong || !current.isEmpty else { return nil }
        if isTooLong { return .skipped(.tooLong) }
        swap(&entry.line, &current)
        entry.facts = .init(time: time)
        return .entry
    }

    /// Returns the time of a line of `#` and digits, in milliseconds since 1970; nil for any other line. If the number
    /// is not a time from 2000 to 9999, the line is a comment that the user typed.
    private static func time(_ line: Span<UInt8>) -> Int64? {
        guard line.count > 1, line[0] == UInt8(ascii: "#"), let number = line.decimal(from: 1),
            number.end == line.count, let time = number.value.milliseconds, time >= Limits.earliestTimestamp,
            time <= Limits.latestTimestamp
        else { return nil }
        return time
    }
}
