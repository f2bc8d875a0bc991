import Core
import Database
import Intake
import SystemSupport

/// Converts the entries of a history to rows, in batches, and counts the skipped entries.
///
/// Entries of the same second wait until an entry of another second follows. Equal lines within a second are numbered.
/// If a second has more entries than a user can type, a program invented their times. Therefore all entries of that
/// second are skipped.
struct HistoryConverter {
    /// The limits of an import, in milliseconds since 1970.
    struct Limitation {
        /// The earliest time whose rows retention keeps. Entries before this time are skipped.
        var keptFrom: Int64
        /// The time from which the history's shell was recorded; nil if the shell was not recorded.
        var recordedFrom: Int64?
        /// The runs that Nexus recorded in shells, including runs before `recordedFrom`.
        var recorded = RecordedShells()
        /// The latest accepted time: a day ahead of the clock.
        var latest: Int64
    }

    private let limits: Limitation
    private let marker: HistoryMarker
    /// Whether each row also needs the marks for the adjacent seconds, which identify the same run in another source.
    private let comparesSources: Bool
    private var intake: HistoryIntake
    private(set) var summary: HistorySummary

    /// The second of the waiting entries, counted from 1970.
    private var second = Int64.min
    /// The waiting entries.
    private var pending = HistoryRows()
    /// How often each line occurred in `second`. The keys are the marks of the first occurrences.
    private var numbers: [Int64: Int] = [:]
    /// The number of entries in `second`, including entries that were skipped.
    private var entriesOfSecond = 0
    /// Entries of earlier seconds, which wait to be passed to `take`.
    private var batch = HistoryRows()
    private var repeats = RepetitionCheck()

    init(
        _ summary: HistorySummary, limits: Limitation, marker: HistoryMarker, comparesSources: Bool,
        intake: HistoryIntake
    ) {
        self.summary = summary
        self.limits = limits
        self.marker = marker
        self.comparesSources = comparesSources
        self.intake = intake
    }

    /// Reads all entries and passes batches to `take`. Stops when `take` returns false.
    mutating func convert(
        _ reader: inout any HistoryReader, progress: (Double) -> Void, take: (HistoryRows) throws -> Bool
    ) throws {
        var entry = HistoryEntry()
        while let item = try reader.next(into: &entry) {
            switch item {
            case .skipped(let reason): summary.skip(reason)
            case .entry: add(entry)
            }
            guard batch.count >= Limits.historyRows else { continue }
            progress(reader.progress)
            try Task.checkCancellation()
            guard try take(batch) else { return }
            batch.removeAll()
        }
        try reader.finish()
        endSecond()
        summary.isLowerBound =
            summary.source.isDeduplicating || summary.source.isShell && repeats.isDeduplicated
        if batch.count > 0 { _ = try take(batch) }
        progress(1)
    }

    private mutating func add(_ entry: HistoryEntry) {
        let time = entry.facts.time
        guard time >= Limits.earliestTimestamp, time <= limits.latest else { return summary.skip(.wrongTime) }
        repeats.add(entry.line)
        // A shell stores whole seconds, and its hook stores a slightly later start. Therefore the limit is one second
        // before `recordedFrom`.
        if let recorded = limits.recordedFrom, time / 1000 >= recorded / 1000 - 1 { return summary.skip(.recorded) }
        if !limits.recorded.isEmpty,
            limits.recorded.session(of: intake.program(of: entry.line, entry.facts), at: time / 1000) != nil
        {
            return summary.skip(.recorded)
        }
        guard time >= limits.keptFrom else { return summary.skip(.expired) }
        let second = time / 1000
        if second != self.second {
            endSecond()
            self.second = second
        }
        entriesOfSecond += 1
        // The limit for test reports is higher than the limit for shells, because test suites run concurrently.
        let most = summary.source.isShell ? Limits.historyEntriesOfASecond : Limits.historyRows
        guard entriesOfSecond <= most else { return dropSecond() }
        let first = marker.mark(entry.line, second: second, number: 0)
        let number = numbers[first, default: 0]
        numbers[first] = number + 1
        let mark = number == 0 ? first : marker.mark(entry.line, second: second, number: number)
        let near =
            comparesSources
            ? HistoryRows.Near(
                before: marker.mark(entry.line, second: second - 1, number: number),
                after: marker.mark(entry.line, second: second + 1, number: number)) : nil
        do throws(Rejection) {
            try intake.accept(entry.line, entry.facts) { pending.append($0, at: time, mark: mark, near: near) }
        } catch {
            summary.skip(Self.skip(error))
        }
    }

    private static func skip(_ rejection: Rejection) -> HistorySkip {
        switch rejection.reason {
        case .noCommand: .noCommand
        case .ignored: .ignored
        case .futureTimestamp, .invalidTimestamp, .timestampInSeconds, .wrongClock: .wrongTime
        default: .broken
        }
    }

    /// Skips the current entry and the waiting entries of its second, because that second has too many entries.
    private mutating func dropSecond() {
        summary.skip(.undated, pending.count + 1)
        pending.removeAll()
    }

    private mutating func endSecond() {
        batch.append(pending, of: 0..<pending.count)
        pending.removeAll()
        numbers.removeAll(keepingCapacity: true)
        entriesOfSecond = 0
    }
}

/// Determines whether a history keeps each line once, by a comparison of a bounded number of lines.
private struct RepetitionCheck {
    private var lines: Set<Int> = []
    private var hasRepetition = false

    /// True if at least `Limits.historyLinesToJudge` lines were compared and no line occurred twice.
    var isDeduplicated: Bool { !hasRepetition && lines.count >= Limits.historyLinesToJudge }

    mutating func add(_ line: [UInt8]) {
        guard !hasRepetition, lines.count < Limits.historyLinesCompared else { return }
        // Swift seeds the hash in each process, so the hash must not be stored.
        hasRepetition = !lines.insert(line.hashValue).inserted
    }
}
