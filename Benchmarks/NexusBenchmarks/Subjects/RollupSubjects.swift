import Application
import Core
import Database
import Maintenance
import SystemSupport
import WriteAheadBuffer

/// Rollups: sessions and rollups recomputed from rows.
final class RollupSubject: Sendable {
    private let writer: SQLiteWriter

    /// With so many events stored in the data folder at `path`.
    init(events: Int, path: String) async throws {
        let data = DataFolder(path)
        try data.folder.prepare()
        guard let lock = try WriterLock.acquire(in: data) else { preconditionFailure("the folder has a writer") }
        let bytes = SubjectKey.batch(events).bytes
        _ = try SegmentAppender(buffer: WriteAheadBuffer(folder: data.bufferFolder)).append(bytes.span)
        writer = try SQLiteWriter(data: data, lock: lock)
        let stored = try await writer.drain()
        precondition(stored == events)
    }

    /// Counts them.
    func run() async throws { try await writer.rebuildCounts() }
}

/// Quantiles: durations into histograms, and what is read from many of them together.
struct QuantileSubject {
    private let durations: [Int64]
    private let parts: [LatencyHistogram]

    /// With so many durations, from milliseconds to an hour, and so many histograms of a hundred of them each.
    init(durations: Int, parts: Int) {
        var state: UInt64 = 1
        let all = (0..<durations).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64(state >> 40) % 3_600_000 >> Int64(state >> 60)
        }
        self.durations = all
        self.parts = (0..<parts).map { part in
            var histogram = LatencyHistogram()
            for number in 0..<100 { histogram.record(all[(part * 100 + number) % all.count]) }
            return histogram
        }
    }

    /// Counts every duration, and returns how many they were.
    func count() -> Int {
        var histogram = LatencyHistogram()
        for duration in durations { histogram.record(duration) }
        return histogram.count
    }

    /// Puts the histograms together, and returns the sum of the median, the 95th and the 99th percentile.
    func merge() -> Double {
        var merged = LatencyHistogram()
        for part in parts { merged.merge(part) }
        return [0.5, 0.95, 0.99].reduce(0) { $0 + (merged.quantile($1) ?? 0) }
    }
}
