import Core
import Foundation

/// Round durations for the labels of axes and the rows of heat maps.
enum RoundDuration {
    /// The durations in milliseconds, shortest first. The last duration is a year, the longest possible duration of an
    /// event.
    static let all: [Int64] = {
        let (second, minute, hour, day): (Int64, Int64, Int64, Int64) = (1000, 60_000, 3_600_000, 86_400_000)
        let short: [Int64] = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500]
        let rest = [second, minute, hour].flatMap { unit in [1, 2, 5, 10, 20].map { $0 * unit } }.filter {
            $0 < 20 * hour
        }
        return short + rest + [1, 2, 5, 10, 30, 100, 365].map { $0 * day }
    }()

    /// The durations whose texts begin with 1, for an axis that has too many labels otherwise.
    fileprivate static let few: [Int64] = all.filter { text($0).hasPrefix("1") }

    /// Returns a duration as text, as in `2m` rather than `2m 0s`.
    static func text(_ milliseconds: Int64) -> String {
        let parts = NumberText.duration(milliseconds).split(separator: " ")
        return parts.count == 2 && parts[1].hasPrefix("0") ? String(parts[0]) : parts.joined(separator: " ")
    }
}

/// The rows of a heat map of durations. A row contains every duration from its own bound up to the bound of the next
/// row.
struct DurationRows: Equatable {
    /// The lower bound of each row, in milliseconds, shortest first.
    let bounds: [Int64]

    /// Makes rows for all durations, from the shortest to the longest, without a gap.
    init(_ latency: LatencyHistogram) {
        let buckets = latency.buckets
        guard let shortest = buckets.first, let longest = buckets.last else {
            bounds = []
            return
        }
        bounds = Array(RoundDuration.all[Self.row(of: shortest.middle)...Self.row(of: longest.middle)])
    }

    /// Counts the durations of one column by row.
    func counts(_ latency: LatencyHistogram) -> [Int] {
        guard let first = bounds.first else { return [] }
        let offset = Self.row(of: Double(first))
        var counts = [Int](repeating: 0, count: bounds.count)
        for bucket in latency.buckets {
            let row = Self.row(of: bucket.middle) - offset
            if counts.indices.contains(row) { counts[row] += bucket.count }
        }
        return counts
    }

    private static func row(of milliseconds: Double) -> Int {
        RoundDuration.all.lastIndex { Double($0) <= milliseconds } ?? 0
    }

    /// Returns the name of a row: its lower bound.
    func name(_ row: Int) -> String { RoundDuration.text(bounds[row]) }
}

/// A logarithmic axis of durations.
struct DurationAxis {
    /// Limit of labels on an axis.
    private static let mostLabels = 6

    private let low: Double
    private let high: Double
    private let top: Double
    private let bottom: Double

    /// - Parameter values: all durations that must fit, in milliseconds.
    init(_ values: some Sequence<Double>, top: Double, bottom: Double) {
        let values = values.map { max($0, 0.5) }
        let (least, most) = (values.min() ?? 1, values.max() ?? 1000)
        // The axis extends a little beyond the values and spans at least a factor of four.
        let widening = max(1.15, 2 / (most / least).squareRoot())
        low = log10(least / widening)
        high = log10(most * widening)
        self.top = top
        self.bottom = bottom
    }

    func y(_ milliseconds: Double) -> Double {
        let share = (log10(max(milliseconds, 0.5)) - low) / (high - low)
        return bottom - share * (bottom - top)
    }

    /// The durations of the labels.
    var ticks: [Int64] {
        func within(_ durations: [Int64]) -> [Int64] {
            durations.filter { $0 >= 1 && log10(Double($0)) >= low && log10(Double($0)) <= high }
        }
        let all = within(RoundDuration.all)
        if all.count <= Self.mostLabels { return all }
        let few = within(RoundDuration.few)
        let every = (few.count + Self.mostLabels - 1) / Self.mostLabels
        return few.enumerated().filter { $0.offset % max(1, every) == 0 }.map(\.element)
    }

    func writeLabels(_ chart: Chart, to page: inout Markup) {
        for tick in ticks { chart.writeRowLabel(RoundDuration.text(tick), y: y(Double(tick)), to: &page) }
    }
}
