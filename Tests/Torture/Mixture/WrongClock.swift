import Foundation
import SystemSupport
import TestSupport

/// A step in which the programs have a wrong clock.
extension SystemState {
    /// Records while the wall clock is wrong by whole days. Does nothing if there is no C compiler.
    func underWrongClock() throws {
        var days = pick(-10...10)
        let way = pick(1...4)
        let count = pick(1...300)
        // If the clock is ahead, retention removes rows too early. So the clock is only set back.
        if model.hasRetention { days = -abs(days) }
        guard let library = try clockLibrary() else { return }
        let clock = testEnvironment.scratch.path + "/clock"
        try "\(days * 86_400)".write(toFile: clock, atomically: true, encoding: .utf8)
        let before = testEnvironment.environment
        testEnvironment.environment["LD_PRELOAD"] = library
        testEnvironment.environment["SHIFTED_CLOCK"] = clock
        defer { testEnvironment.environment = before }
        let first = model.next
        let time = Int(Date().timeIntervalSince1970) + days * 86_400
        defer { model.note(time: time, of: first..<model.next) }
        switch way {
        case 1: try recordSingly(min(count, 10), with: [testEnvironment.programs.recorder])
        case 2: try recordSingly(1, with: [testEnvironment.programs.nexus, "record"])
        case 3: try exec()
        default: try stream(count)
        }
    }

    /// Returns the library that shifts the clock of a program, and compiles it first if necessary. Returns nil if there
    /// is no C compiler.
    private func clockLibrary() throws -> String? {
        let library = testEnvironment.scratch.path + "/shifted-clock.so"
        if FileManager.default.fileExists(atPath: library) { return library }
        do { try ClockMode.compileLibrary(at: library, in: testEnvironment) } catch is Missing { return nil }
        return library
    }
}
