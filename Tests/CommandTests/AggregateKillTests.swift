import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// `nexus sync` of aggregates, killed at any instant.
@Suite(.timeLimit(.minutes(60)))
struct AggregateKillTests {
    private static let kills = ProcessInfo.processInfo.environment["NEXUS_TEST_FULL"] == "1" ? 500 : 20

    @Test("Killed at any instant, the folder has the present figures of each day in the end, and nothing else")
    func killed() throws {
        let program = try Program()
        let folder = program.folder.path + "/stick"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        #expect(try program.run("sync", "add", "stick", "file://\(folder)", "--aggregates").status == 0)
        var random = SeededGenerator(seed: 27)
        var killedOnes = 0
        for number in 0..<Self.kills {
            let lines = (0..<20).map { _ in
                let time = 1_790_000_000_000 + Int.random(in: 0..<60, using: &random) * 86_400_000
                return #"{"timestamp":\#(time),"command":"make \#(number % 7)","duration_ms":\#(number)}"#
            }
            #expect(try program.run("record", "--stdin", input: lines.joined(separator: "\n")).status == 0)
            let process = program.process(["sync"])
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            usleep(UInt32.random(in: 5000...150_000, using: &random))
            if process.isRunning { killedOnes += 1 }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        #expect(killedOnes > 0)
        let outcome = try program.run("sync")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try program.run("sync").output.hasPrefix("Nothing new"))
        let present = try program.run("sync", "--dry-run", "--again").output
        #expect(try arrived(in: folder, program) == withoutVersions(present))
        #expect(try program.run("sync", "log").status == 0)
        #expect(try !FileManager.default.contentsOfDirectory(atPath: folder).contains { $0.contains("scratch") })
    }

    private func withoutVersions(_ text: String) -> [String] {
        text.split(separator: "\n").map { line in
            var fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            fields[2] = ""
            return fields.joined(separator: "\t")
        }.sorted()
    }

    /// The lines in all files of the folder, as the lz4 of the system reads them.
    private func arrived(in folder: String, _ program: Program) throws -> [String] {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "for file in \"$0\"/*; do lz4 -dcq \"$file\" || exit 1; done", folder]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return withoutVersions(text)
    }
}
