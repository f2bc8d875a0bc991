import Foundation
import Reports
import Testing

/// What the findings' statistics are worth: measured on streams of which the truth is known.
struct FindingRateTests {
    /// How many times the seeds gave what `count` counts, on both of a small machine's processors.
    private func total(_ seeds: Range<Int>, _ count: @escaping @Sendable (UInt64) -> Int) async -> Int {
        await withTaskGroup(of: Int.self) { group in
            for part in 0..<2 {
                group.addTask { seeds.filter { $0 % 2 == part }.reduce(0) { $0 + count(UInt64($1)) } }
            }
            return await group.reduce(0, +)
        }
    }

    @Test("At most ten of a thousand reports over unchanged streams raise a false alarm")
    func falseAlarms() async {
        let alarms = await total(0..<1000) { seed in
            var work = ImaginaryWork(seed: seed)
            return Insights(work.input()).findings.isEmpty ? 0 : 1
        }
        print("false alarms: \(alarms) of 1000 reports, each over 20 unchanged commands")
        #expect(alarms <= 10)
    }

    @Test("Runs that resemble the one before raise few false alarms more")
    func falseAlarmsWithMemory() async {
        let alarms = await total(0..<200) { seed in
            var work = ImaginaryWork(seed: seed, memory: 0.3)
            return Insights(work.input()).findings.isEmpty ? 0 : 1
        }
        print("false alarms: \(alarms) of 200 reports with autocorrelated durations")
        #expect(alarms <= 6)
    }

    @Test(
        "A command that takes twice as long in its last 30 runs is found in at least 95 of 100 streams",
        arguments: [(runs: 100, spread: 0.3), (300, 0.4), (1000, 0.45)])
    func detection(runs: Int, spread: Double) async {
        let found = await total(0..<100) { seed in
            var work = ImaginaryWork(seed: seed &+ 5_000)
            work.commands[5] = .init(
                name: "swift build", runs: runs + 30, median: 3000, spread: spread, risk: 0.05, riskAfterFailure: 0.3,
                slowFrom: runs)
            let findings = Insights(work.input()).findings
            return findings.contains { $0.kind == .slower && $0.command == "swift build" } ? 1 : 0
        }
        print("detection: \(found) of 100 slowdowns by 2 with 30 runs after \(runs), spread \(spread)")
        #expect(found >= 95)
    }

    @Test("A slowdown that has ended is not reported")
    func over() {
        var work = ImaginaryWork(seed: 1)
        work.commands[0] = .init(
            name: "make", runs: 200, median: 3000, spread: 0.3, risk: 0, riskAfterFailure: 0, slowFrom: 200)
        var input = work.input()
        let index = input.histories.firstIndex { $0.command == "make" } ?? 0
        let quiet = input.histories[index].cells
        work.commands[0].median = 9000
        let loud = work.input().histories[index].cells
        func later(_ cells: [CommandHistory.Cell], days: Int64) -> [CommandHistory.Cell] {
            cells.map {
                .init(
                    start: $0.start + days * 86_400_000, succeeded: $0.succeeded, failed: $0.failed, latency: $0.latency
                )
            }
        }
        input.histories[index] = CommandHistory(
            command: "make", cells: quiet + later(loud, days: 30) + later(quiet, days: 60))
        #expect(Insights(input).findings.filter { $0.kind == .slower }.isEmpty)
        input.histories[index] = CommandHistory(command: "make", cells: quiet + later(loud, days: 30))
        let change = Insights(input).slowdowns.first
        #expect(change?.runsBefore == 200 && change?.runsAfter == 200)
        #expect(change.map { abs($0.factor - 3) < 0.3 } == true)
    }
}
