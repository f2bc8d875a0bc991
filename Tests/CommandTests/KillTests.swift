import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// The promises that a `kill -9` may not break, with real processes.
struct KillTests {
    private static let workspace = "confidential-client-workspace"
    private static let task = "acquire the competitor"

    /// A line whose duration is its number.
    private func line(_ number: Int, run: Int) -> String {
        """
        {"command":"make all","duration_ms":\(number),"services_count":\(run),"success":\(number % 7 != 0),\
        "workspace":"\(Self.workspace)","task":"\(Self.task)"}

        """
    }

    /// Streams lines into a recorder and kills it after `acknowledgements` of them, and a little later by chance.
    /// Returns how many events were acknowledged.
    private func killedStream(_ program: Program, run: Int, using random: inout SeededGenerator) throws -> Int {
        let process = program.process(["record", "--stdin", "--ack"])
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let enough = Int.random(in: 1...3000, using: &random)
        let text = (1...4000).map { line($0, run: run) }.joined()
        let feeder = Thread { [handle = input.fileHandleForWriting] in
            // The far end is killed in the middle; that the rest cannot be written is what this is about.
            try? handle.write(contentsOf: Data(text.utf8))
            try? handle.close()
        }
        feeder.start()
        var acknowledged = 0
        var pending = Data()
        while acknowledged < enough {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { break }
            pending += data
            acknowledged = Self.lastAcknowledged(in: pending) ?? acknowledged
        }
        for _ in 0..<Int.random(in: 0...20_000, using: &random) { _ = random.next() }
        kill(process.processIdentifier, SIGKILL)
        pending += try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Self.lastAcknowledged(in: pending) ?? 0
    }

    private static func lastAcknowledged(in data: Data) -> Int? {
        // The last line may be cut; only whole ones count.
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        return lines.dropLast().last.flatMap { Int($0.split(separator: ",")[0].dropFirst(#"{"accepted":"#.count)) }
    }

    @Test("A stream killed at 50 random instants loses no acknowledged event, duplicates none, and leaks no name")
    func killedStreams() throws {
        signal(SIGPIPE, SIG_IGN)
        let program = try Program()
        var random = SeededGenerator(seed: 20_261_123)
        var acknowledged: [Int] = []
        for run in 0..<50 {
            acknowledged.append(try killedStream(program, run: run, using: &random))
            // Straight after the kill, before anything was put in order.
            let bytes = Data(try program.folder.allBytes())
            #expect(bytes.range(of: Data(Self.workspace.utf8)) == nil)
            #expect(bytes.range(of: Data(Self.task.utf8)) == nil)
        }
        #expect(acknowledged.contains { $0 > 0 && $0 < 4000 }, "no stream was killed in the middle")
        #expect(try program.run("flush").status == 0)

        let stored = try program.query(
            "SELECT services_count, count(*), count(DISTINCT duration_ms), max(duration_ms) FROM events GROUP BY 1")
        var found: [Int: Int] = [:]
        for row in stored.split(separator: "\n") {
            let numbers = row.split(separator: "|").compactMap { Int($0) }
            #expect(numbers[1] == numbers[2], "run \(numbers[0]) has doubles")
            #expect(numbers[1] == numbers[3], "run \(numbers[0]) has gaps")
            found[numbers[0]] = numbers[1]
        }
        for (run, count) in acknowledged.enumerated() { #expect(found[run, default: 0] >= count, "run \(run)") }
        try program.checkTables()
    }

    @Test("A first flush killed at any of its writes leaves a sound folder that reports read")
    func killedFirstFlush() throws {
        var kills = 0
        // Making the file, then its log's header and first frames, then the tables.
        for number in Array(1...16) + Array(stride(from: 24, through: 400, by: 8)) {
            let program = try Program()
            try program.run("record", "--command", "make")
            guard try TracedKill("pwrite64", at: number, program, "flush").isKilled else { break }
            kills += 1
            let doctor = try program.run("doctor")
            #expect(doctor.status == 0, "killed at write \(number): \(doctor.output)")
            #expect(try program.run("telemetry", "status").status == 0)
            try program.run("telemetry", "off")
            let isHalfMade = program.folder.data.hasDatabaseJournal
            let report = try program.run("stats", "--json")
            #expect(report.status == (isHalfMade ? 75 : 0), "killed at write \(number): \(report.errors)")
            try program.run("telemetry", "on")
            #expect(try program.run("flush").status == 0)
            #expect(try program.query("SELECT count(*) FROM events") == "1")
        }
        #expect(kills > 16, "the tables were not being made any more")
    }

    @Test(
        "A flush killed while it removes a file leaves a folder that reports read with recording off",
        arguments: [false, true])
    func killedWhileRemoving(isFirst: Bool) throws {
        var kills = 0
        for number in 1...8 {
            let program = try Program()
            if !isFirst {
                try program.run("record", "--command", "make")
                try program.run("flush")
            }
            try program.run("record", "--command", "make")
            guard try TracedKill("unlink", at: number, program, "flush").isKilled else { break }
            kills += 1
            #expect(try program.run("telemetry", "status").status == 0)
            let doctor = try program.run("doctor")
            #expect(doctor.status == 0, "killed at removal \(number): \(doctor.output)")
            try program.run("telemetry", "off")
            let report = try program.run("stats", "--json")
            #expect(report.status == 0, "killed at removal \(number): \(report.errors)")
            try program.run("telemetry", "on")
            #expect(try program.run("flush").status == 0)
            #expect(try program.query("SELECT count(*) FROM events") == (isFirst ? "1" : "2"))
        }
        #expect(kills > 1)
    }
}
