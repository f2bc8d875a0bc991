package import Core
import Database
import SystemSupport

/// The result of a completed or planned import of a history. Every entry is counted once.
package struct HistorySummary: Equatable, Sendable {
    package let source: HistorySource
    package let path: String
    /// The number of entries that were imported, or that a planned import would import.
    package internal(set) var imported = 0
    /// Entries that were not imported, by reason.
    package internal(set) var skipped: [HistorySkip: Int] = [:]
    /// The times of the earliest and the latest imported entry, in milliseconds since 1970; nil if no entry was
    /// imported.
    package internal(set) var times: ClosedRange<Int64>?
    /// Whether the shell stores a repeated line only once. Counts are then lower bounds.
    package internal(set) var isLowerBound = false
    /// The reason why the history cannot be read; nil if it is readable.
    package internal(set) var problem: String?

    /// The number of entries in the history.
    package var entries: Int { imported + skipped.values.reduce(0, +) }

    init(_ source: HistorySource, path: String) {
        self.source = source
        self.path = path
    }

    mutating func skip(_ reason: HistorySkip, _ count: Int = 1) {
        if count > 0 { skipped[reason, default: 0] += count }
    }

    mutating func cover(_ time: Int64) {
        let covered = times ?? time...time
        times = min(covered.lowerBound, time)...max(covered.upperBound, time)
    }

    /// The first and the last day of the imported entries in the local time zone; nil if no entry was imported.
    private var days: String? {
        times.map { times in
            let (first, last) = (LocalCalendar.day(of: times.lowerBound), LocalCalendar.day(of: times.upperBound))
            return first == last ? first.text : "\(first.text) to \(last.text)"
        }
    }

    /// Returns the summary as text: a line for the history, a line for the imported entries, and a line for each reason
    /// why entries were skipped.
    /// - Parameter isPlan: whether the import is only planned.
    package func text(isPlan: Bool) -> String {
        var lines = ["\(source.rawValue): \(path.escapedForDisplay)"]
        if let problem { return lines[0] + "\n  \(problem)\n" }
        let entries = self.entries.counted("entry", plural: "entries")
        let verb = isPlan ? "would be imported" : "imported"
        lines.append("  \(imported) of \(entries) \(verb)" + (days.map { ", \($0)" } ?? ""))
        if isLowerBound, imported > 0 { lines.append("  counts are lower bounds: this history keeps each line once") }
        for reason in HistorySkip.allCases {
            if let count = skipped[reason] { lines.append("  \(count) skipped: \(reason.text)") }
        }
        if let advice { lines.append("  " + advice) }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Advice on the setting that makes bash or zsh write times. Nil for other sources, or if no entry was skipped as
    /// `undated`.
    private var advice: String? {
        guard skipped[.undated] ?? 0 > 0 else { return nil }
        return switch source {
        case .bash: "bash writes times from now on with this line in ~/.bashrc: HISTTIMEFORMAT='%F %T '"
        case .zsh: "zsh writes times from now on with this line in ~/.zshrc: setopt EXTENDED_HISTORY"
        default: nil
        }
    }

    /// The summary as JSON. Scripts depend on the keys.
    package var json: JSONValue {
        let reasons = HistorySkip.allCases.map { reason in
            JSONValue.Member(reason.rawValue, .integer(skipped[reason] ?? 0))
        }
        return [
            "source": .string(source.rawValue), "path": .string(path), "entries": .integer(entries),
            "imported": .integer(imported), "skipped": .object(reasons),
            "first": .string(times.map { Timestamp.rfc3339($0.lowerBound) }),
            "last": .string(times.map { Timestamp.rfc3339($0.upperBound) }),
            "is_lower_bound": .bool(isLowerBound), "problem": .string(problem),
        ]
    }
}
