import Core
import Foundation

/// Runs random steps for the given time, and checks the invariants after each step.
///
/// The choice of steps and all random numbers depend only on the seed. With the seed that a failure names, the same
/// step happens again. But the progress of a program at the time of a kill differs between runs.
struct MixtureMode: Mode {
    let name = "mixture"
    let bar = "0 promises broken"

    private static let stepsInARound = 40

    func run(_ settings: Settings) throws -> Verdict {
        let end = Date().addingTimeInterval(Double(settings.seconds))
        var steps = 0
        var events = 0
        var rounds: UInt64 = 0
        while Date() < end {
            let seed = settings.seed &+ rounds
            let systemState = try SystemState(settings.programs, seed: seed)
            for step in 1...Self.stepsInARound where Date() < end {
                try take(step, in: systemState, seed: seed)
                steps += 1
            }
            try attempt("the end", step: Self.stepsInARound + 1, seed: seed) {
                try systemState.checkStored()
                try systemState.checkSent()
                try systemState.stopService()
                try systemState.checkStored()
                try systemState.checkHealth()
            }
            events += systemState.model.acknowledged.count
            rounds += 1
        }
        return Verdict("\(steps) steps in \(rounds) rounds, \(events) events: none broken", isMet: true)
    }

    private func take(_ number: Int, in systemState: SystemState, seed: UInt64) throws {
        var ticket = systemState.pick(1...Steps.all.reduce(0) { $0 + $1.weight })
        let step = Steps.all.first { step in
            ticket -= step.weight
            return ticket <= 0
        }
        guard let step else { return }
        try attempt(step.name, step: number, seed: seed) {
            try step.run(systemState)
            if systemState.isChance(of: 25) {
                try systemState.checkStored()
            } else {
                try systemState.invariants.checkAnyMoment(systemState.model)
            }
        }
    }

    private func attempt(_ name: String, step: Int, seed: UInt64, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            throw InvariantViolation("step \(step), '\(name)', with --seed \(seed): \(error)")
        }
    }
}
