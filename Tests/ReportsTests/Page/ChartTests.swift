import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@testable import Reports
@testable import Rollups

/// The values of charts, without a database.
struct ChartTests {
    private let harness: ReportHarness

    init() throws {
        // For the time zone: Berlin.
        harness = try ReportHarness()
    }

    private static let hour: Int64 = 3_600_000

    private func day(_ text: String) throws -> Int64 { LocalCalendar.start(of: try #require(LocalCalendar.Day(text))) }

    @Test("Days of 23 and 25 hours are columns like others, and every time of a range is in one")
    func summerTime() throws {
        for (first, last, hours) in [("2026-03-28", "2026-03-31", 71), ("2026-10-24", "2026-10-27", 73)] {
            let range = try day(first)..<day(last)
            let columns = ChartColumns(range, byHour: false)
            #expect(columns.count == 3 && columns.unit == .days(1) && columns.range == range)
            for time in stride(from: range.lowerBound, to: range.upperBound, by: Int(Self.hour / 4)) {
                let column = try #require(columns.index(of: time))
                #expect(LocalCalendar.start(of: LocalCalendar.day(of: time)) == columns.starts[column])
            }
            #expect(columns.index(of: range.lowerBound - 1) == nil && columns.index(of: range.upperBound) == nil)
            let byHour = ChartColumns(range)
            #expect(byHour.unit == .hour && byHour.count == hours && byHour.range == range)
        }
    }

    @Test("There are never more than a hundred columns", arguments: [4, 99, 100, 101, 365, 3650])
    func most(days: Int) throws {
        let start = try day("2010-01-01")
        let columns = ChartColumns(start..<LocalCalendar.start(of: LocalCalendar.day(of: start), plusDays: days))
        #expect(columns.count <= ChartColumns.most && columns.count >= min(days, 50))
        #expect(columns.isOfWholeDays == (days > 100) && (columns.grain == .day) == (days > 100))
        #expect(columns.range.upperBound >= LocalCalendar.start(of: LocalCalendar.day(of: start), plusDays: days))
    }

    @Test("Runs are shown singly below 500, with their hour of the week")
    func runs() throws {
        let start = try day("2026-11-16")
        let columns = ChartColumns(start..<start + 7 * 24 * Self.hour)
        func series(_ count: Int) -> CommandSeries {
            var latency = LatencyHistogram()
            latency.record(1500, times: count)
            let cell = UsageCell(
                name: "make", count: count, succeeded: count, totalMS: Int64(1500 * count), latency: latency)
            // Tuesday at nine.
            return CommandSeries(
                UsageHistory(name: "make", points: [.init(start: start + 33 * Self.hour, cell: cell)]), columns)
        }
        #expect(series(499).runs?.count == 499 && series(500).runs == nil)
        #expect(series(3).runs?.allSatisfy { abs($0.milliseconds - 1500) <= 15 } == true)
        #expect(series(7).hours?[24 + 9] == 7 && series(7).hours?.reduce(0, +) == 7)
        #expect(series(7).cells.map(\.count) == [0, 7, 0, 0, 0, 0, 0])
    }

    @Test("Every duration is in one row of a heat map, from nothing to a year")
    func rows() {
        #expect(
            RoundDuration.all == RoundDuration.all.sorted() && Set(RoundDuration.all).count == RoundDuration.all.count)
        #expect(
            [0, 500, 1000, 60_000, 7_200_000, 86_400_000].map(RoundDuration.text)
                == ["0ms", "500ms", "1s", "1m", "2h", "1d"])
        var latency = LatencyHistogram()
        for duration in [0, 1, 7, 99, 1000, 59_000, 3_600_000, Limits.durationMilliseconds, .max] {
            latency.record(duration)
        }
        let rows = DurationRows(latency)
        #expect(rows.bounds == RoundDuration.all)
        #expect(rows.counts(latency).reduce(0, +) == latency.count)
        #expect(DurationRows(LatencyHistogram()).bounds.isEmpty)
    }

    @Test("An axis has between one and six labels for any values")
    func ticks() {
        for low in [0.0, 1, 30, 950, 4000, 70_000, 8e6] {
            for factor in [1.0, 2, 40, 1e4, 1e7] {
                let axis = DurationAxis([low, max(low, 1) * factor], top: 0, bottom: 100)
                #expect((1...6).contains(axis.ticks.count), "\(low) \(factor): \(axis.ticks)")
                #expect(axis.ticks.allSatisfy { (-0.1...100.1).contains(axis.y(Double($0))) })
            }
        }
    }

    @Test("A mark is larger for more, has five sizes, and is never nothing for something")
    func marks() {
        let sizes = (1...1000).compactMap { MarkSize.share($0, most: 1000) }
        #expect(sizes.count == 1000 && sizes == sizes.sorted() && Set(sizes).count == 5)
        #expect(MarkSize.share(0, most: 10) == nil && MarkSize.share(1, most: 1) == 0.94)
    }
}
