package import Core
package import Database
import Intake
import Maintenance
package import SystemSupport

/// Imports a history into a data folder.
///
///     file ─ read, name, mark ─▶ bounded queue ─▶ writer: one transaction per batch, rows with rollups and marks
///
/// Each row and its mark are stored together. Therefore an entry is imported once, even if an import is killed or
/// repeated. An entry of another source with the same line in the same or an adjacent second counts as the same run.
package struct HistoryImport: Sendable {
    /// The number of batches that can wait between the reader and the writer. Together they need about three megabytes.
    private static let queuedBatches = 4

    private let source: HistorySource
    private let path: String
    private let clock: any WallClock

    package init(_ source: HistorySource, path: String, clock: any WallClock = SystemClock()) {
        self.source = source
        self.path = path
        self.clock = clock
    }

    /// Imports the entries that are not stored yet.
    /// - Parameters:
    ///   - lock: the writer lock of the folder.
    ///   - parts: the parts of the writer that other modules implement.
    ///   - progress: is called with the share of the history that was read, from 0 to 1.
    package func run(
        into data: DataFolder, lock: consuming WriterLock, parts: WriterParts,
        progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) async throws -> HistorySummary {
        try await SQLiteWriter.withWriter(of: data, lock: lock, parts: parts, obeysSettings: false) { writer in
            // `historyBounds` needs the first event of each shell, and that event may still wait in the buffer.
            _ = try await writer.drain()
            let bounds = try await writer.historyBounds(of: source.rawValue)
            let key = try HistoryKey.load(from: data, hasMarks: bounds.hasMarks)
            let queue = BoundedQueue<HistoryRows>(capacity: Self.queuedBatches)
            async let reading = read(data, bounds, key, comparesSources: bounds.hasOtherSources, into: queue, progress)
            let outcome = try await writer.importHistory(source.rawValue, from: queue)
            var summary = await reading
            summary.imported = outcome.imported
            summary.times = outcome.times
            summary.skip(.known, outcome.known)
            summary.skip(.elsewhere, outcome.elsewhere)
            try await writer.noteHistory(source.rawValue, isLowerBound: summary.isLowerBound)
            try await writer.finish()
            return summary
        }
    }

    /// Reads the history into a queue, concurrently with the writer.
    private func read(
        _ data: DataFolder, _ bounds: HistoryBounds, _ key: HistoryKey, comparesSources: Bool,
        into queue: BoundedQueue<HistoryRows>, _ progress: @Sendable (Double) -> Void
    ) async -> HistorySummary {
        do {
            var converter = try converter(data, bounds, key, comparesSources: comparesSources)
            var reader = try source.reader(of: path)
            var policy = RecordingPolicyCache(data)
            try converter.convert(&reader, progress: progress) { rows in
                guard policy.isOpen() else { throw HistoryError.switchedOff }
                return queue.put(rows)
            }
            queue.end()
            return converter.summary
        } catch {
            queue.end(error)
            return HistorySummary(source, path: path)
        }
    }

    private func converter(
        _ data: DataFolder, _ bounds: HistoryBounds, _ key: HistoryKey, comparesSources: Bool
    ) throws -> HistoryConverter {
        let settings = try SettingsFile(data).load()
        let now = clock.now()
        let kept = settings.retentionDays.map { SQLiteWriter.firstMillisecondKept(days: $0, now: now) } ?? 0
        var intake = HistoryIntake(
            key: try source.isShell ? nil : HashKey.load(from: data), session: source.session, shell: source.shell,
            naming: settings.naming, path: Environment.value("PATH"), clock: clock)
        return HistoryConverter(
            HistorySummary(source, path: path),
            limits: HistoryConverter.Limitation(
                keptFrom: max(kept, bounds.keptFrom),
                recordedFrom: try recordedFrom(bounds.recorded, naming: &intake), recorded: bounds.recorded,
                latest: now + Limits.aheadMilliseconds),
            marker: key.marker, comparesSources: comparesSources && source.isShell, intake: intake)
    }

    /// Reads the history and returns the time from which its shell was recorded; nil if the shell was not recorded.
    private func recordedFrom(_ recorded: RecordedShells, naming intake: inout HistoryIntake) throws -> Int64? {
        guard !recorded.isEmpty else { return nil }
        var reader = try source.reader(of: path)
        var entry = HistoryEntry()
        var found: [Int: Int] = [:]
        while let item = try reader.next(into: &entry) {
            guard item == .entry,
                let session = recorded.session(
                    of: intake.program(of: entry.line, entry.facts), at: entry.facts.time / 1000)
            else { continue }
            // `nexus exec make` records make even if the shell has no hook, so such lines are no evidence of a hook.
            if !entry.line.span.text.contains("nexus") { found[session, default: 0] += 1 }
        }
        return recorded.start(found: found)
    }

    /// Returns the result that an import of each existing history would have now, in the order of `HistorySource`.
    /// Nothing is written.
    package static func plans(for data: DataFolder) throws -> [HistorySummary] {
        var planned = PlannedHistories()
        return try HistorySource.allCases.compactMap { source in
            guard let path = source.find() else { return nil }
            do {
                return try HistoryImport(source, path: path).plan(for: data, besides: &planned)
            } catch let error as any ReportedError {
                // The problem is returned instead of thrown, because the other sources can still be read.
                var summary = HistorySummary(source, path: path)
                summary.problem = error.description
                return summary
            }
        }
    }

    /// Returns the result that an import would have now. Nothing is written.
    /// - Parameter planned: the entries that imports of other sources would store first. This call adds the entries
    ///   that this import would store.
    package func plan(for data: DataFolder, besides planned: inout PlannedHistories) throws -> HistorySummary {
        let reader = try StoreReader(data: data)
        let bounds = try reader?.historyBounds(of: source.rawValue) ?? HistoryBounds()
        let key = try planned.key ?? HistoryKey.existing(in: data) ?? .temporary()
        planned.key = key
        var converter = try converter(data, bounds, key, comparesSources: true)
        var history = try source.reader(of: path)
        var (known, elsewhere) = (0, 0)
        var counted = HistorySummary(source, path: path)
        try converter.convert(&history, progress: { _ in }) { rows in
            var new = Array(0..<rows.count)
            if let news = try reader?.news(in: rows, of: source.rawValue) {
                known += news.known
                elsewhere += news.elsewhere
                new = news.new
            }
            for index in new {
                if planned.has(rows, index, besides: source) {
                    elsewhere += 1
                } else {
                    counted.imported += 1
                    counted.cover(rows.time(at: index))
                    planned.add(rows.mark(at: index), of: source)
                }
            }
            return true
        }
        var summary = converter.summary
        summary.imported = counted.imported
        summary.times = counted.times
        summary.skip(.known, known)
        summary.skip(.elsewhere, elsewhere)
        return summary
    }
}

/// The marks of the entries that planned imports would store, at most `Limits.historyMarksListed`.
package struct PlannedHistories {
    fileprivate var key: HistoryKey?
    /// The source of each entry, by mark.
    private var sources: [Int64: HistorySource] = [:]

    package init() {}

    fileprivate func has(_ rows: HistoryRows, _ index: Int, besides source: HistorySource) -> Bool {
        let near = rows.near(at: index)
        return [rows.mark(at: index), near?.before, near?.after].contains { mark in
            mark.flatMap { sources[$0] }.map { $0 != source } ?? false
        }
    }

    fileprivate mutating func add(_ mark: Int64, of source: HistorySource) {
        if sources.count < Limits.historyMarksListed { sources[mark] = source }
    }
}

/// The reason why an import of a history stopped.
package enum HistoryError: ReportedError {
    case switchedOff

    package var description: String {
        "cannot import the rest of the history: recording was switched off; imported entries stay, and the next import "
            + "adds the rest"
    }

    package var exitCode: ExitCode { .settings }
}
