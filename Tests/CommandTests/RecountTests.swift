import Foundation
import TestSupport
import Testing

/// Whatever was recorded, killed, purged and dated when: a recount of the rows gives what was counted.
struct RecountTests {
    private func line(using random: inout SeededGenerator) -> String {
        // Clocks jump: most events are of one day, some of any day in years.
        let jump = Int.random(in: 0..<8, using: &random) == 0 ? Int.random(in: -900...900, using: &random) : 0
        let time = 1_795_000_000_000 + jump * 86_400_000 + Int.random(in: 0..<86_400_000, using: &random)
        let command = ["git push", "git pull", "make all", "npm test"].randomElement(using: &random) ?? ""
        return """
            {"timestamp":\(time),"command":"\(command)","duration_ms":\(Int.random(in: 0..<100_000, using: &random)),\
            "success":\(Bool.random(using: &random)),"session_id":"s\(Int.random(in: 0..<12, using: &random))",\
            "error_category":"e\(Int.random(in: 0..<3, using: &random))","template_used":"t",\
            "workspace":"w\(Int.random(in: 0..<5, using: &random))","services_count":\(Int.random(in: 0..<4, using: &random))}

            """
    }

    private func killedStream(_ program: Program, _ text: String, using random: inout SeededGenerator) throws {
        let process = program.process(["record", "--stdin"])
        let input = Pipe()
        process.standardInput = input
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        for _ in 0..<Int.random(in: 0...40_000, using: &random) { _ = random.next() }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    @Test("Recounts agree after random mixtures of recording, killing, purging and clocks that jump", arguments: 1...3)
    func mixtures(seed: UInt64) throws {
        signal(SIGPIPE, SIG_IGN)
        let program = try Program()
        var random = SeededGenerator(seed: seed)
        for _ in 0..<12 {
            let lines = (0..<Int.random(in: 1...300, using: &random)).map { _ in line(using: &random) }.joined()
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1: try program.run("record", "--stdin", input: lines)
            case 2, 3: try killedStream(program, lines, using: &random)
            case 4:
                try program.run(
                    "telemetry", "purge", "--yes", "--session", "s\(Int.random(in: 0..<12, using: &random))")
            default: try program.run("telemetry", "purge", "--yes", "--command", "git pull")
            }
        }
        #expect(try program.run("flush").status == 0)
        let doctor = try program.run("doctor")
        #expect(doctor.status == 0, "\(doctor.output)\(doctor.errors)")
        try program.checkTables()
    }
}
