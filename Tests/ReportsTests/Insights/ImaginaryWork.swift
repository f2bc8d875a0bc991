import Core
import Foundation
import Reports
import TestSupport

/// Thirty days of synthetic commands of one user: lognormal durations with a heavy tail of outliers, office
/// hours and quiet weekends, loops that run a command many times over, failures that stay for a while.
struct ImaginaryWork {
    /// How one command behaves. Durations in milliseconds.
    struct Command {
        var name: String
        var runs: Int
        var median: Double
        /// Standard deviation of the logarithm of the duration.
        var spread: Double
        /// Chance that it fails after a success, and after a failure.
        var risk: Double
        var riskAfterFailure: Double
        /// How far each run resembles the one before, from 0 to 1.
        var memory = 0.0
        /// From this run on it takes `factor` as long.
        var slowFrom = Int.max
        var factor = 2.0
        /// From this run on it fails with this chance.
        var failingFrom = Int.max
        var riskThen = 0.5
    }

    private var random: SeededGenerator
    var commands: [Command]

    /// Twenty commands as a person has them, a few of them frequent; nothing about them ever changes.
    init(seed: UInt64, memory: Double = 0) {
        random = SeededGenerator(seed: seed &* 7919 &+ 13)
        commands = []
        for rank in 0..<20 {
            let risk = 0.005 + 0.12 * unit()
            commands.append(
                Command(
                    name: "command-\(rank)", runs: 30 + Int(700 / Double(rank + 2) * (0.5 + unit())),
                    median: exp(3.5 + 7 * unit()), spread: 0.2 + 0.3 * unit(), risk: risk,
                    riskAfterFailure: max(risk, 0.3), memory: memory))
        }
    }

    /// What the store would give for it.
    mutating func input() -> InsightsInput {
        var input = InsightsInput()
        var runs: [RunRecord] = []
        for command in commands { input.histories.append(history(of: command, &runs)) }
        input.runs = runs.sorted { $0.timestamp < $1.timestamp }
        input.divisions = divisions(of: input.histories)
        return input
    }

    private mutating func history(of command: Command, _ runs: inout [RunRecord]) -> CommandHistory {
        var cells: [CommandHistory.Cell] = []
        var (open, slot, outcomes) = (LatencyHistogram(), Int64(-1), Outcomes())
        func close() {
            if slot >= 0 {
                cells.append(
                    .init(
                        start: slot * 900_000, succeeded: outcomes.succeeded, failed: outcomes.failed, latency: open))
            }
        }
        var (noise, isFailing) = (0.0, false)
        for (index, time) in times(command.runs).enumerated() {
            noise = command.memory * noise + (1 - command.memory * command.memory).squareRoot() * normal()
            var duration = command.median * exp(command.spread * noise)
            if unit() < 0.02 { duration *= 3 / pow(1 - unit(), 1 / 1.5) }
            if index >= command.slowFrom { duration *= command.factor }
            var risk = isFailing ? command.riskAfterFailure : command.risk
            if index >= command.failingFrom { risk = command.riskThen }
            isFailing = unit() < risk
            if time / 900_000 != slot {
                close()
                (open, slot, outcomes) = (LatencyHistogram(), time / 900_000, Outcomes())
            }
            open.record(Int64(duration.rounded()))
            if isFailing { outcomes.failed += 1 } else { outcomes.succeeded += 1 }
            runs.append(
                RunRecord(
                    timestamp: time, session: "s-\(time / 7_200_000)", command: command.name, success: !isFailing,
                    durationMS: Int64(min(duration, 1e9))))
        }
        close()
        return CommandHistory(command: command.name, cells: cells)
    }

    /// A template that each day's runs carry or not, and that means nothing.
    private mutating func divisions(of histories: [CommandHistory]) -> [CorrelatedFactor.Division] {
        histories.flatMap { history in
            CorrelatedFactor.Attribute.allCases.map { attribute in
                var (with, without): ([LatencyHistogram], [LatencyHistogram]) = ([], [])
                for cell in history.cells {
                    if unit() < 0.4 { with.append(cell.latency) } else { without.append(cell.latency) }
                }
                return CorrelatedFactor.Division(
                    command: history.command, attribute: attribute, value: "3", with: with, without: without)
            }
        }
    }

    /// Times of so many runs, in milliseconds, in order.
    private mutating func times(_ count: Int) -> [Int64] {
        var times: [Int64] = []
        while times.count < count {
            let day = Int(unit() * 30)
            if day % 7 >= 5 && unit() < 0.8 { continue }
            var hours = Double(day) * 24 + 9 + 9 * unit()
            let loop = unit() < 0.08 ? 3 + Int(unit() * 12) : 1
            for _ in 0..<min(loop, count - times.count) {
                times.append(Int64(hours * 3_600_000))
                hours += 0.5 / 60
            }
        }
        return times.sorted()
    }

    private mutating func unit() -> Double { Double(random.next() >> 11) * 0x1p-53 }

    /// A number of the standard normal distribution (Box and Muller).
    private mutating func normal() -> Double { (-2 * log(1 - unit())).squareRoot() * cos(2 * .pi * unit()) }
}
