import TestSupport

/// `kill -9` of recorders, streams, the service, drains and programs with the Swift API, at random moments.
struct KillsMode: Mode {
    let name = "kills"
    let bar = "1,000 kills at random moments: 0 acknowledged events lost, doubled or damaged"

    /// After so many kills a data folder has seen enough and another one takes over, so that early ones are seen too.
    private static let killsInARoom = 50

    func run(_ settings: Settings) throws -> Verdict {
        let kills = settings.count(1000, least: 10)
        var acknowledged = 0
        var tooLate = 0
        for (room, first) in stride(from: 0, to: kills, by: Self.killsInARoom).enumerated() {
            let seed = settings.seed &+ UInt64(room)
            let world = try World(settings.programs, seed: seed)
            do {
                tooLate += try kill(min(Self.killsInARoom, kills - first), in: world)
                try world.checkStored()
                try world.stopService()
                try world.checkHealth()
            } catch {
                throw Broken("with --seed \(seed): \(error)")
            }
            acknowledged += world.model.acknowledged.count
        }
        return Verdict(
            "\(kills) kills (\(tooLate) more came too late), \(acknowledged) events acknowledged: 0 lost, 0 doubled, "
                + "0 damaged", isMet: true)
    }

    /// Goes on until so many steps have killed somebody; returns how many have not, as the program had ended by then.
    private func kill(_ count: Int, in world: World) throws -> Int {
        var steps = 0
        var done = 0
        while done < count {
            steps += 1
            guard steps <= 4 * count else { throw Broken("the programs end before they can be killed") }
            let before = world.killed
            do {
                try kill(in: world)
                if steps % 10 == 0 { try world.checkStored() }
            } catch {
                throw Broken("step \(steps): \(error)")
            }
            if world.killed > before { done += 1 }
        }
        return steps - count
    }

    private func kill(in world: World) throws {
        switch world.pick(1...10) {
        case 1...3:
            let count = world.pick(1...4000)
            try world.stream(count, kill: .acknowledged(world.pick(1...count), andAfter: world.pick(0...3000)))
        case 4:
            try world.stream(3000, flags: ["--durable"], kill: .after(world.pick(0...40_000)))
        case 5...6:
            try world.socket(batches: world.pick(1...10), of: world.pick(1...200), kill: .after(world.pick(0...3000)))
        case 7:
            try world.recordSingly(
                world.pick(1...8), with: [world.room.programs.recorder], kill: .after(world.pick(0...6000)))
        case 8:
            try world.recordSingly(
                1, with: [world.room.programs.nexus, "record"], kill: .after(world.pick(0...12_000)))
        case 9:
            try world.probe(world.pick(1...1000), killAfter: world.pick(0...4000))
        default:
            // Something must wait for a drain to be killed in the middle of it.
            world.killService()
            try world.stream(3000, kill: .acknowledged(1500, andAfter: 0))
            try world.read(["flush"], kill: .after(world.pick(0...40_000)))
        }
    }
}
