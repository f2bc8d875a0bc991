import Foundation
import Platform
import TestSupport

/// The clock jumps by up to ten days, both ways, under a running service and everything else that records.
struct ClockMode: Mode {
    let name = "clock"
    let bar = "±10 days, 100 times: no negative duration, rollups = rows"

    func run(_ settings: Settings) throws -> Verdict {
        let library = try Self.library()
        let jumps = settings.count(100, least: 4)
        let world = try World(settings.programs, seed: settings.seed)
        let clock = world.room.scratch.path + "/clock"
        try "+0d".write(toFile: clock, atomically: true, encoding: .utf8)
        world.room.environment["LD_PRELOAD"] = library
        world.room.environment["FAKETIME_TIMESTAMP_FILE"] = clock
        world.room.environment["FAKETIME_NO_CACHE"] = "1"
        world.room.environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
        world.room.environment["DONT_FAKE_MONOTONIC"] = "1"
        // The first process that loads the library puts what they share into the environment, which Swift does not
        // survive: it finds its arguments by the place of the environment. So that process is one that waits.
        let first = try world.room.start(["/usr/bin/cat"], input: .pipe)
        let shared = "/faketime_sem_\(first.id) /faketime_shm_\(first.id)"
        for _ in 0..<2000 where !FileManager.default.fileExists(atPath: "/dev/shm/faketime_shm_\(first.id)") {
            usleep(1000)
        }
        world.room.environment["FAKETIME_SHARED"] = shared
        defer {
            // It removes what they share when it ends by itself.
            first.closeInput()
            _ = try? first.wait()
        }
        for jump in 1...jumps {
            let minutes = world.pick(-14_400...14_400)
            try "\(minutes < 0 ? "" : "+")\(minutes)m".write(toFile: clock, atomically: true, encoding: .utf8)
            do { try record(in: world, jump) } catch {
                throw Broken("jump \(jump), to \(minutes) minutes, with --seed \(settings.seed): \(error)")
            }
        }
        let days = try world.promises.query("SELECT count(DISTINCT date(timestamp)) FROM events")
            .trimmingCharacters(in: .newlines)
        try world.stopService()
        try world.checkStored()
        guard jumps < 20 || (Int(days) ?? 0) > 5 else { throw Broken("the clock does not jump: \(days) days") }
        return Verdict(
            "\(jumps) jumps over \(days) days, \(world.model.acknowledged.count) events: no negative duration, "
                + "rollups and sessions = rows", isMet: true)
    }

    private func record(in world: World, _ jump: Int) throws {
        try world.socket(batches: 2, of: 10)
        try world.recordSingly(1, with: [world.room.programs.recorder])
        switch jump % 4 {
        case 0: try world.exec()
        // No stream: under libfaketime its threads wait for each other for ever.
        case 1: try world.recordSingly(1, with: [world.room.programs.nexus, "record"])
        case 2: try world.read(["stats"])
        default: try world.pipe(20)
        }
        try world.checkStored()
    }

    private static func library() throws -> String {
        let folder = "/usr/lib"
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            let path = "\(folder)/\(name)/faketime/libfaketime.so.1"
            if FileManager.default.fileExists(atPath: path) { return path }
        }
        throw Missing("libfaketime is not installed")
    }
}
