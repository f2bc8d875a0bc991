import Core
import Foundation
import SystemSupport
import TestSupport

/// Sets the clock of all programs to a time up to ten days before or after the true time. The clock jumps while the
/// service runs, between programs, while `nexus exec` measures a command, and in the middle of a stream.
struct ClockMode: Mode {
    let name = "clock"
    let bar = "±10 days, 100 times: no negative duration, rollups = rows"

    func run(_ settings: Settings) throws -> Verdict {
        let jumps = settings.count(100, least: 4)
        let systemState = try SystemState(settings.programs, seed: settings.seed)
        let clock = systemState.testEnvironment.scratch.path + "/clock"
        let library = systemState.testEnvironment.scratch.path + "/shifted-clock.so"
        try Self.compileLibrary(at: library, in: systemState.testEnvironment)
        try "0".write(toFile: clock, atomically: true, encoding: .utf8)
        systemState.testEnvironment.environment["LD_PRELOAD"] = library
        systemState.testEnvironment.environment["SHIFTED_CLOCK"] = clock
        for jump in 1...jumps {
            do {
                try setClock(clock, in: systemState)
                try record(in: systemState, jump) { try self.setClock(clock, in: systemState) }
            } catch {
                throw InvariantViolation("jump \(jump) with --seed \(settings.seed): \(error)")
            }
        }
        let days = try systemState.invariants.query("SELECT count(DISTINCT date(timestamp)) FROM events")
            .trimmingCharacters(in: .newlines)
        try systemState.stopService()
        try systemState.checkStored()
        try systemState.checkHealth()
        guard jumps < 20 || (Int(days) ?? 0) > 5 else {
            throw InvariantViolation("the clock does not jump: all events are on \(days) days")
        }
        return Verdict(
            "\(jumps) jumps over \(days) days, \(systemState.model.acknowledged.count) events: no negative duration, "
                + "rollups and sessions = rows", isMet: true)
    }

    /// Compiles the library that shifts the clock of a program by the number of seconds in a file.
    static func compileLibrary(at path: String, in testEnvironment: TestEnvironment) throws {
        let source = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Clock/shifted-clock.c").standardized.path
        try testEnvironment.output(of: [try compiler(), "-O1", "-shared", "-fPIC", "-o", path, source])
    }

    private func setClock(_ clock: String, in systemState: SystemState) throws {
        let minutes = systemState.pick(-14_400...14_400)
        try "\(minutes * 60)".write(toFile: clock, atomically: true, encoding: .utf8)
    }

    private func record(in systemState: SystemState, _ jump: Int, jumpAgain: @escaping () throws -> Void) throws {
        try systemState.socket(batches: 2, of: 10)
        try systemState.recordSingly(1, with: [systemState.testEnvironment.programs.recorder])
        switch jump % 4 {
        case 0:
            // The answer of `cat` shows that it runs. It ends when its input is closed.
            try systemState.exec(["cat"], input: .pipe, output: .pipe) { child in
                child.send([UInt8(ascii: "\n")])
                try child.exchange(thenCloses: false) { !child.received.isEmpty }
                try jumpAgain()
                child.closeInput()
            }
        case 1: try stream(in: systemState, jumpAgain)
        case 2: try systemState.read(["stats"])
        default: try systemState.pipe(20)
        }
        try systemState.checkStored()
    }

    /// Records a stream. The clock jumps after the first half.
    private func stream(in systemState: SystemState, _ jump: () throws -> Void) throws {
        let numbers = systemState.model.take(50)
        let middle = numbers.lowerBound + 25
        let child = try systemState.testEnvironment.nexus("record", "--stdin", "--ack", input: .pipe, output: .pipe)
        child.send(Array(Model.lines(numbers.lowerBound..<middle).utf8))
        try child.exchange(thenCloses: false) { child.accepted >= 25 }
        try jump()
        child.send(Array(Model.lines(middle..<numbers.upperBound).utf8))
        try child.exchange { false }
        guard try child.wait() == .exited(0), child.accepted == 50 else {
            throw InvariantViolation("a stream accepted \(child.accepted) of 50: \(child.errors)")
        }
        systemState.model.acknowledge(numbers)
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
