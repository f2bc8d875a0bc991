import Core
import Reports

/// A month in which everything goes wrong that there is a finding for.
enum EveryFinding {
    static let input: InsightsInput = {
        var input = InsightsInput()
        // Every hour a run: the first half takes a second, the second three.
        func cells(slowFrom: Int, failingFrom: Int) -> [CommandHistory.Cell] {
            (0..<240).map { hour in
                var latency = LatencyHistogram()
                latency.record((hour >= slowFrom ? 3000 : 1000) + Int64(hour * 7919 % 97))
                let fails = hour >= failingFrom ? hour % 2 == 0 : hour % 40 == 0
                return .init(
                    start: start + Int64(hour) * 3_600_000, succeeded: fails ? 0 : 1, failed: fails ? 1 : 0,
                    latency: latency)
            }
        }
        input.histories = [
            .init(command: "swift build", cells: cells(slowFrom: 200, failingFrom: .max)),
            .init(command: "npm test", cells: cells(slowFrom: .max, failingFrom: 160)),
        ]
        var (slow, quick) = (LatencyHistogram(), LatencyHistogram())
        for run in 0..<40 {
            slow.record(4000 + Int64(run))
            quick.record(1000 + Int64(run))
        }
        input.divisions = [
            .init(
                command: "docker compose up", attribute: .template, value: "python-worker", with: [slow, slow],
                without: [quick, quick])
        ]
        input.failures = [.init(command: "npm test", category: "exit_1", count: 44, first: start, last: start + 1000)]
        // pytest fails now and then and is tried again at once; at the end make fails without end.
        input.runs = (0..<300).flatMap { run -> [RunRecord] in
            let time = start + Int64(run) * 3_600_000
            let failed = run % 5 == 0
            let first = RunRecord(
                timestamp: time, session: "s", command: "pytest", success: !failed, durationMS: 60_000)
            let again = RunRecord(
                timestamp: time + 120_000, session: "s", command: "pytest", success: true, durationMS: 60_000)
            let make = RunRecord(
                timestamp: time + 600_000, session: "s", command: "make", success: run < 290 && run % 50 != 0,
                durationMS: 2000)
            return failed ? [first, again, make] : [first, make]
        }
        return input
    }()

    /// 2026-10-01T00:00:00Z.
    private static let start: Int64 = 1_790_812_800_000
}
