import Foundation
import SystemSupport
import TestSupport

/// The clock jumps by up to ten days, both ways, under a running service and everything else that records: between programs,
/// while a command runs that is measured, and in the middle of a stream.
struct ClockMode: Mode {
    let name = "clock"
    let bar = "±10 days, 100 times: no negative duration, rollups = rows"

    func run(_ settings: Settings) throws -> Verdict {
        let jumps = settings.count(100, least: 4)
        let world = try World(settings.programs, seed: settings.seed)
        let clock = world.room.scratch.path + "/clock"
        let library = world.room.scratch.path + "/shifted-clock.so"
        let source = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Clock/shifted-clock.c").standardized.path
        try world.room.output(of: [try Self.compiler(), "-O1", "-shared", "-fPIC", "-o", library, source])
        try "0".write(toFile: clock, atomically: true, encoding: .utf8)
        world.room.environment["LD_PRELOAD"] = library
        world.room.environment["SHIFTED_CLOCK"] = clock
        for jump in 1...jumps {
            do {
                try setClock(clock, in: world)
                try record(in: world, jump) { try self.setClock(clock, in: world) }
            } catch {
                throw Broken("jump \(jump) with --seed \(settings.seed): \(error)")
            }
        }
        let days = try world.promises.query("SELECT count(DISTINCT date(timestamp)) FROM events")
            .trimmingCharacters(in: .newlines)
        try world.stopService()
        try world.checkStored()
        try world.checkHealth()
        guard jumps < 20 || (Int(days) ?? 0) > 5 else { throw Broken("the clock does not jump: \(days) days") }
        return Verdict(
            "\(jumps) jumps over \(days) days, \(world.model.acknowledged.count) events: no negative duration, "
                + "rollups and sessions = rows", isMet: true)
    }

    private func setClock(_ clock: String, in world: World) throws {
        let minutes = world.pick(-14_400...14_400)
        try "\(minutes * 60)".write(toFile: clock, atomically: true, encoding: .utf8)
    }

    private func record(in world: World, _ jump: Int, jumpAgain: @escaping () throws -> Void) throws {
        try world.socket(batches: 2, of: 10)
        try world.recordSingly(1, with: [world.room.programs.recorder])
        switch jump % 4 {
        case 0:
            // It says a word once it runs, and ends when its input does.
            try world.exec(["cat"], input: .pipe, output: .pipe) { child in
                child.send([UInt8(ascii: "\n")])
                try child.exchange(thenCloses: false) { !child.received.isEmpty }
                try jumpAgain()
                child.closeInput()
            }
        case 1: try stream(in: world, jumpAgain)
        case 2: try world.read(["stats"])
        default: try world.pipe(20)
        }
        try world.checkStored()
    }

    /// A stream with a jump behind its first half.
    private func stream(in world: World, _ jump: () throws -> Void) throws {
        let numbers = world.model.take(50)
        let middle = numbers.lowerBound + 25
        let child = try world.room.nexus("record", "--stdin", "--ack", input: .pipe, output: .pipe)
        child.send(Array(Model.lines(numbers.lowerBound..<middle).utf8))
        try child.exchange(thenCloses: false) { child.accepted >= 25 }
        try jump()
        child.send(Array(Model.lines(middle..<numbers.upperBound).utf8))
        try child.exchange { false }
        guard try child.wait() == .exited(0), child.accepted == 50 else {
            throw Broken("a stream accepted \(child.accepted) of 50: \(child.errors)")
        }
        world.model.acknowledge(numbers)
    }

    private static func compiler() throws -> String {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        for name in ["cc", "clang"] {
            for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)") {
                return "\(folder)/\(name)"
            }
        }
        throw Missing("there is no C compiler")
    }
}
