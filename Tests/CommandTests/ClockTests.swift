import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// Events whose time cannot be right, sent through every ingest path of the real programs.
struct ClockTests {
    /// A day and an hour after the clock of this machine, in milliseconds since 1970.
    private static var tooLate: Int64 { Int64(Date().timeIntervalSince1970 * 1000) + 25 * 3_600_000 }

    /// Moves the clock of the programs to a time, in seconds since 1970.
    private func setClock(of program: inout Program, to seconds: Int) throws {
        let library = program.folder.path + "/shifted-clock.so"
        let source = Repository.root.appending(path: "Tests/Torture/Clock/shifted-clock.c").path
        let compiler = Process()
        compiler.executableURL = URL(filePath: "/bin/sh")
        compiler.arguments = [
            "-c", "exec $(command -v cc || command -v clang) -O1 -shared -fPIC -o \"$0\" \"$1\"", library, source,
        ]
        try compiler.run()
        compiler.waitUntilExit()
        try #require(compiler.terminationStatus == 0)
        let shift = program.folder.path + "/shift"
        try "\(seconds - Int(Date().timeIntervalSince1970))".write(toFile: shift, atomically: true, encoding: .utf8)
        program.environment["LD_PRELOAD"] = library
        program.environment["SHIFTED_CLOCK"] = shift
    }

    private func run(_ name: String, _ arguments: [String], in program: Program) throws -> (Int32, String) {
        let process = program.process(arguments)
        process.executableURL = URL(filePath: Program.path(of: name))
        let path = program.folder.path + "/errors-" + UUID().uuidString
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        process.standardError = FileHandle(forWritingAtPath: path)
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, try String(contentsOfFile: path, encoding: .utf8))
    }

    /// The counters, with the time of this machine again.
    private func expectCounters(
        _ program: Program, accepted: Int, rejected: [String: Int], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var program = program
        program.environment["LD_PRELOAD"] = nil
        #expect(try program.run("flush").status == 0, sourceLocation: sourceLocation)
        let text = try program.run("telemetry", "status", "--json").output
        let status = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(status["rejected_by_reason"] as? [String: Int] == rejected, sourceLocation: sourceLocation)
        #expect(status["accepted"] as? Int == accepted, sourceLocation: sourceLocation)
        #expect(status["stored"] as? Int == accepted, sourceLocation: sourceLocation)
    }

    @Test("Every ingest path refuses and counts events if the clock is in 1970")
    func clockIn1970() throws {
        var program = try Program()
        try setClock(of: &program, to: 300)
        let reason = "the clock of this machine is not in the years 2000 to 9999; set the clock"
        for (name, arguments) in [
            ("nexus", ["record", "--command", "x"]), ("nexus", ["record", "--command", "x", "--durable"]),
            ("nexus-record", ["--command", "x"]), ("nexus-record", ["--command", "x", "--durable"]),
            ("nexus", ["record", "--command", "x", "--timestamp", "\(Self.tooLate - 90_000_000)"]),
        ] {
            let (status, errors) = try run(name, arguments, in: program)
            #expect(status == 65, "\(arguments)")
            #expect(errors == "\(name): event not recorded: \(reason)\n", "\(arguments)")
        }
        #expect(try run("nexus", ["exec", "--", "true"], in: program).0 == 0)
        let stream = try program.run("record", "--stdin", "--ack", input: #"{"command":"x"}"#)
        #expect(stream.status == 65 && stream.errors.hasPrefix("nexus: line 1 not recorded: \(reason)\n"))
        try expectCounters(program, accepted: 0, rejected: ["wrong_clock": 7])
    }

    @Test("The service refuses and counts events of socket and pipe if the clock is in 1970")
    func serviceIn1970() throws {
        var program = try Program()
        try setClock(of: &program, to: 300)
        let service = try RunningService(program)
        let client = try service.client()
        try client.send("{\"command\":\"x\"}\n")
        let answer = try client.acknowledgement(of: 1)
        #expect(answer.counts == Acknowledgement(accepted: 0, rejected: 1))
        #expect(answer.errors.first?.contains("the clock of this machine") == true)
        #expect(NamedPipe.offer("{\"command\":\"x\"}\n", to: service.runtime.pipePath))
        try service.stop()
        try expectCounters(program, accepted: 0, rejected: ["wrong_clock": 2])
    }

    @Test("The Swift API refuses and counts every event if the clock is in 1970")
    func libraryIn1970() throws {
        var program = try Program()
        try setClock(of: &program, to: 300)
        let (status, _) = try run("TelemetryProbe", [program.folder.data.folder.path, "5", "--end"], in: program)
        #expect(status == 0)
        try expectCounters(program, accepted: 0, rejected: ["wrong_clock": 5])
    }

    @Test("A command during which the clock is set back by days is recorded, with a start by the new clock")
    func setBackMeanwhile() throws {
        var program = try Program()
        let now = Int(Date().timeIntervalSince1970)
        try setClock(of: &program, to: now)
        let shift = "echo -864000 >\"$SHIFTED_CLOCK\""
        #expect(try run("nexus", ["exec", "--", "/bin/sh", "-c", shift], in: program).0 == 0)
        try expectCounters(program, accepted: 1, rejected: [:])
        let start = try program.query("SELECT CAST(strftime('%s', timestamp) AS INTEGER) FROM events")
        let age = now - (Int(start) ?? 0)
        #expect((863_900...864_100).contains(age), "\(start)")
    }

    @Test("A time more than a day ahead is refused by every ingest path and counted; one within the day is accepted")
    func aheadOfTheClock() throws {
        let program = try Program()
        let (late, good) = (Self.tooLate, Self.tooLate - 2 * 3_600_000)
        let reason = "timestamp is more than a day ahead of this machine's clock; correct the timestamp or the clock"
        for (name, arguments) in [
            ("nexus", ["record"]), ("nexus", ["record", "--durable"]), ("nexus-record", []),
            ("nexus-record", ["--durable"]),
        ] {
            let flags = arguments + ["--command", "x", "--timestamp"]
            let (status, errors) = try run(name, flags + ["\(late)"], in: program)
            #expect(status == 65 && errors == "\(name): event not recorded: \(reason)\n")
            #expect(try run(name, flags + ["\(good)"], in: program).0 == 0)
        }
        let lines = [late, good].map { "{\"command\":\"x\",\"timestamp\":\($0)}\n" }.joined()
        let stream = try program.run("record", "--stdin", "--ack", input: lines)
        #expect(stream.status == 65 && stream.errors.hasPrefix("nexus: line 1 not recorded: \(reason)\n"))
        let service = try RunningService(program)
        let client = try service.client()
        try client.send(lines)
        #expect(try client.acknowledgement(of: 2).counts == Acknowledgement(accepted: 1, rejected: 1))
        #expect(NamedPipe.offer(lines, to: service.runtime.pipePath))
        try service.stop()
        try expectCounters(program, accepted: 7, rejected: ["future_timestamp": 7])
    }
}
