import Core
import TestSupport

/// Kills recorders, streams, the service, drains and programs with the Swift API at random times.
struct KillsMode: Mode {
    let name = "kills"
    let bar = "1,000 kills at random moments: 0 acknowledged events lost, doubled or damaged"

    /// After this many kills, the mode continues with a new data folder. Otherwise, nearly all kills would be in an old
    /// folder.
    private static let killsInARoom = 50

    func run(_ settings: Settings) throws -> Verdict {
        let kills = settings.count(1000, least: 10)
        var acknowledged = 0
        var tooLate = 0
        for (testEnvironment, first) in stride(from: 0, to: kills, by: Self.killsInARoom).enumerated() {
            let seed = settings.seed &+ UInt64(testEnvironment)
            let systemState = try SystemState(settings.programs, seed: seed)
            do {
                tooLate += try kill(min(Self.killsInARoom, kills - first), in: systemState)
                try systemState.checkStored()
                try systemState.stopService()
                try systemState.checkHealth()
            } catch {
                throw InvariantViolation("with --seed \(seed): \(error)")
            }
            acknowledged += systemState.model.acknowledged.count
        }
        return Verdict(
            "\(kills) kills (\(tooLate) more came too late), \(acknowledged) events acknowledged: 0 lost, 0 doubled, "
                + "0 damaged", isMet: true)
    }

    /// Makes steps until `count` of them have killed a process. Returns the number of the other steps, in which the
    /// program ended before the kill.
    private func kill(_ count: Int, in systemState: SystemState) throws -> Int {
        var steps = 0
        var done = 0
        while done < count {
            steps += 1
            guard steps <= 4 * count else { throw InvariantViolation("most programs end before they can be killed") }
            let before = systemState.killed
            do {
                try kill(in: systemState)
                if steps % 10 == 0 { try systemState.checkStored() }
            } catch {
                throw InvariantViolation("step \(steps): \(error)")
            }
            if systemState.killed > before { done += 1 }
        }
        return steps - count
    }

    private func kill(in systemState: SystemState) throws {
        switch systemState.pick(1...10) {
        case 1...3:
            let count = systemState.pick(1...4000)
            try systemState.stream(
                count, kill: .acknowledged(systemState.pick(1...count), andAfter: systemState.pick(0...3000)))
        case 4:
            try systemState.stream(3000, flags: ["--durable"], kill: .after(systemState.pick(0...40_000)))
        case 5...6:
            try systemState.socket(
                batches: systemState.pick(1...10), of: systemState.pick(1...200),
                kill: .after(systemState.pick(0...3000)))
        case 7:
            try systemState.recordSingly(
                systemState.pick(1...8), with: [systemState.testEnvironment.programs.recorder],
                kill: .after(systemState.pick(0...6000)))
        case 8:
            try systemState.recordSingly(
                1, with: [systemState.testEnvironment.programs.nexus, "record"],
                kill: .after(systemState.pick(0...12_000)))
        case 9:
            try systemState.probe(systemState.pick(1...1000), killAfter: systemState.pick(0...4000))
        default:
            // The stream leaves pending events. Without them, the drain would end before the kill.
            systemState.killService()
            try systemState.stream(3000, kill: .acknowledged(1500, andAfter: 0))
            try systemState.read(["flush"], kill: .after(systemState.pick(0...40_000)))
        }
    }
}
