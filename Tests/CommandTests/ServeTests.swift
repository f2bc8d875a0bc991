import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// `nexus serve` as scripts and other commands see it.
struct ServeTests {
    private func line(_ number: Int) -> String { #"{"command":"make","duration_ms":\#(number),"success":true}"# }

    private func lines(_ numbers: ClosedRange<Int>) -> [String] { numbers.map(line) }

    // MARK: Socket

    @Test("Every batch on a connection is acknowledged with the counts so far")
    func batches() throws {
        let service = try RunningService(Program())
        let client = try service.client()
        #expect(try client.exchange(lines(1...20), total: 20) == Acknowledgement(accepted: 20, rejected: 0))
        #expect(try client.exchange(lines(21...21), total: 21) == Acknowledgement(accepted: 21, rejected: 0))
        #expect(try client.exchange(lines(22...5000), total: 5000) == Acknowledgement(accepted: 5000, rejected: 0))
        // The counts are a connection's own.
        #expect(try service.client().exchange(lines(5001...5002), total: 2).accepted == 2)
        #expect(try service.program.run("flush").status == 0)
        #expect(
            try service.program.query("SELECT count(*), count(DISTINCT duration_ms), max(duration_ms) FROM events")
                == "5002|5002|5002")
    }

    @Test("Rejected lines are reported by number and reason, and the others are accepted")
    func badLines() throws {
        let service = try RunningService(Program())
        let client = try service.client()
        try client.send("\(line(1))\n\n{\"command\":\"x\",\"success\":3}\nno json\n\(line(2))\n")
        let answer = try client.acknowledgement(of: 4)
        #expect(answer.counts == Acknowledgement(accepted: 2, rejected: 2))
        #expect(
            answer.errors == [
                #"{"line":3,"error":"success must be true or false"}"#,
                #"{"line":4,"error":"not a JSON object (at byte 1)"}"#,
            ])
        // The numbers go on from one batch to the next.
        try client.send("\(line(3))\n[]\n")
        #expect(try client.acknowledgement(of: 6).errors.first?.hasPrefix(#"{"line":7,"error":""#) == true)
        #expect(try service.program.run("flush").status == 0)
        #expect(try service.program.query("SELECT group_concat(duration_ms) FROM events") == "1,2,3")
        #expect(try service.program.run("telemetry").output.contains("Rejected:   3\n"))
    }

    @Test("Lines may arrive in any number of chunks")
    func pieces() throws {
        let service = try RunningService(Program())
        let client = try service.client()
        for byte in Array(lines(1...20).map { $0 + "\n" }.joined().utf8) { try client.send([byte]) }
        #expect(try client.acknowledgement(of: 20).counts == Acknowledgement(accepted: 20, rejected: 0))
        let flush = try service.program.run("flush")
        #expect(flush.status == 0, "\(flush) \(service.errors)")
        #expect(try service.program.query("SELECT count(DISTINCT duration_ms), count(*) FROM events") == "20|20")
    }

    @Test("A client that closes its sending side gets all answers, with or without a line break at the end")
    func endOfConnection() throws {
        let service = try RunningService(Program())
        for (ending, accepted) in [("\n", 20_000), ("", 20_000), ("\n{\"comm", 20_000)] {
            let client = try service.client()
            // More than fits between the two, so that the end comes while the service still reads.
            try client.send(lines(1...20_000).joined(separator: "\n") + ending)
            client.endSending()
            let isCut = ending.count > 1
            let answer = try client.acknowledgement(of: accepted + (isCut ? 1 : 0))
            #expect(answer.counts == Acknowledgement(accepted: accepted, rejected: isCut ? 1 : 0))
            #expect(answer.errors.count == (isCut ? 1 : 0), "\(answer.errors)")
            #expect(try client.receiveLine() == nil)
        }
        #expect(try service.program.run("flush").status == 0)
        #expect(try service.program.query("SELECT count(*) FROM events") == "60000")
    }

    @Test("Complete lines of a client that disconnects inside a line are kept, and the next client is served")
    func goneInTheMiddle() throws {
        let service = try RunningService(Program())
        do {
            let client = try service.client()
            #expect(try client.exchange(lines(1...3), total: 3).accepted == 3)
            try client.send("{\"command\":\"half\"")
        }
        #expect(try service.client().exchange(lines(4...4), total: 1).accepted == 1)
        #expect(try service.stop() == 0)
        #expect(try service.program.query("SELECT group_concat(duration_ms) FROM events") == "1,2,3,4")
    }

    // MARK: Pipe

    /// Runs a shell script in which `$pipe` is the service's pipe.
    private func shell(_ script: String, on service: RunningService) throws -> Process {
        let process = service.program.process(["-euc", script])
        process.executableURL = URL(filePath: "/bin/bash")
        process.environment?["pipe"] = service.runtime.pipePath
        try process.run()
        return process
    }

    @Test("A loop of 100,000 printfs into the pipe leaves 100,000 rows")
    func pipeLoop() throws {
        let service = try RunningService(Program())
        let loop = try shell(
            #"for ((i = 1; i <= 100000; i++)); do printf '{"command":"make","duration_ms":%d}\n' $i; done > "$pipe""#,
            on: service)
        loop.waitUntilExit()
        #expect(loop.terminationStatus == 0)
        #expect(try service.stop() == 0)
        #expect(
            try service.program.query("SELECT count(*), count(DISTINCT duration_ms), max(duration_ms) FROM events")
                == "100000|100000|100000")
    }

    @Test("Several writers share the pipe, and a line beyond 64 KiB damages no other")
    func pipeWriters() throws {
        let service = try RunningService(Program())
        let loops = try (0..<4).map { writer in
            try shell(
                """
                for ((i = 1; i <= 1000; i++)); do
                    printf '{"command":"make","duration_ms":%d}\\n' $((\(writer) * 1000 + i)) > "$pipe"
                done
                """, on: service)
        }
        for loop in loops {
            loop.waitUntilExit()
            #expect(loop.terminationStatus == 0)
        }
        let long = try shell(
            #"{ head -c 70000 /dev/zero | tr '\0' x; echo; echo '{"command":"make","duration_ms":4001}'; } > "$pipe""#,
            on: service)
        long.waitUntilExit()
        #expect(try service.stop() == 0)
        #expect(
            try service.program.query("SELECT count(*), count(DISTINCT duration_ms), max(duration_ms) FROM events")
                == "4001|4001|4001")
        #expect(try service.program.run("telemetry").output.contains("Rejected:   1\n"))
    }

    @Test("Lines in the pipe when the service gets a stop signal are accepted")
    func fullPipeAtTheStop() throws {
        let service = try RunningService(Program())
        // A service that stands still reads nothing: all of it waits in the pipe when the signal comes.
        service.signal(SIGSTOP)
        let writer = try shell(
            #"for ((i = 1; i <= 20000; i++)); do printf '{"command":"m","duration_ms":%d}\n' $i; done > "$pipe""#,
            on: service)
        writer.waitUntilExit()
        service.signal(SIGTERM)
        service.signal(SIGCONT)
        #expect(try service.stop() == 0)
        #expect(try service.program.query("SELECT count(*), max(duration_ms) FROM events") == "20000|20000")
    }

    @Test("Lines written to a file in place of the pipe are imported at the next start")
    func strayLines() throws {
        let program = try Program()
        #expect(try program.run("record", "--command", "make", "--duration-ms", "1").status == 0)
        let path = program.folder.data.folder.path(of: RuntimeFolder.pipeName)
        let stray = lines(2...3000).joined(separator: "\n") + "\nno event\n" + line(3001)
        try Data(stray.utf8).write(to: URL(filePath: path))
        let service = try RunningService(program)
        let writer = try shell(#"printf '{"command":"make","duration_ms":3002}\n' > "$pipe""#, on: service)
        writer.waitUntilExit()
        #expect(try service.stop() == 0)
        #expect(
            try program.query("SELECT count(*), count(DISTINCT duration_ms), max(duration_ms) FROM events")
                == "3002|3002|3002")
        #expect(service.errors.contains("rejected 1 line written while no service ran"))
        try expectTidy(service)
    }

    // MARK: What other processes record

    @Test("Events of other recorders appear in the dashboard immediately while the service runs")
    func others() throws {
        let service = try RunningService(Program())
        let program = service.program
        for count in 1...3 {
            #expect(try program.run("record", "--command", "make", "--duration-ms", "\(count)").status == 0)
            #expect(try program.run("stats", "--json").output.contains("\"commands\" : \(count),"))
        }
        let stream = try program.run("record", "--stdin", input: lines(4...1000).joined(separator: "\n"))
        #expect(stream.status == 0)
        #expect(try program.run("stats", "--json").output.contains("\"commands\" : 1000,"))
        #expect(try program.run("record", "--command", "make").status == 0)
        #expect(try program.run("flush").status == 0)
        let rows = try program.query("SELECT count(*) FROM events")
        #expect(rows == "1001", "\(service.errors)")
    }

    // MARK: Start and stop

    /// What a service that has ended leaves: nothing to reach it by, and nothing unstored.
    private func expectTidy(_ service: RunningService) throws {
        let runtime = service.runtime
        for path in [runtime.socketPath, runtime.pipePath, runtime.processPath, runtime.hooksFolder.path] {
            #expect(!FileManager.default.fileExists(atPath: path))
        }
        #expect(try service.program.folder.data.bufferFolder.names() == [])
    }

    @Test("A service that is stopped while it starts leaves neither pipe nor socket")
    func stoppedAtTheStart() throws {
        let program = try Program()
        let path = RuntimeFolder(for: program.folder.data, environment: { program.environment[$0] }).pipePath
        for _ in 0..<10 {
            let process = program.process(["serve"])
            try process.run()
            let deadline = ContinuousClock.now + .seconds(60)
            while FileStatus(of: path) == nil, ContinuousClock.now < deadline {}
            kill(process.processIdentifier, SIGTERM)
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 0)
            #expect(FileStatus(of: path) == nil, "the pipe was left")
        }
        for name in [RuntimeFolder.socketName, RuntimeFolder.processName, RuntimeFolder.hooksName] {
            #expect(try !program.folder.data.folder.names().contains(name), "\(name) was left")
        }
    }

    @Test("A second service is refused with one sentence, and the first continues")
    func second() throws {
        let service = try RunningService(Program())
        let refused = try service.program.run("serve")
        #expect(refused.status == 69)
        #expect(
            refused.errors
                == "nexus: another 'nexus serve' already serves \(service.program.folder.data.folder.path); "
                + "stop it first\n")
        #expect(try service.client().exchange(lines(1...1), total: 1).accepted == 1)
        #expect(try service.program.run("telemetry").output.contains("Service:    running, process \(service.id)\n"))
    }

    @Test("The folder for the hooks is closed even to its owner, and has the pipe under a second name")
    func hooksFolder() throws {
        let service = try RunningService(Program())
        let folder = service.runtime.hooksFolder
        #expect(RunningService.poll { FileStatus(of: folder.path)?.permissions == 0o500 })
        #expect(FileIdentity(of: folder.path(of: "pipe")) == FileIdentity(of: service.runtime.pipePath))
        let start = ProcessIdentity(processID: service.process.processIdentifier).startTime
        #expect(try String(contentsOfFile: folder.path(of: "pid"), encoding: .utf8) == "\(service.id) \(start)\n")
        #expect(try folder.names().sorted() == ["pid", "pipe"])
        service.kill()
        // A shell may have made a file in it, were it open.
        unsafe chmod(folder.path, 0o700)
        try folder.remove("pipe")
        try Data("left".utf8).write(to: URL(filePath: folder.path(of: "pipe")))
        let next = try RunningService(service.program)
        #expect(RunningService.poll { FileStatus(of: folder.path)?.permissions == 0o500 })
        #expect(FileStatus(of: folder.path(of: "pipe"))?.kind == .pipe)
        #expect(try next.stop() == 0)
        try expectTidy(next)
    }

    @Test(
        "A signal ends the service with 0: every acknowledged event is stored, and no file is left",
        arguments: [SIGTERM, SIGINT])
    func stop(signal: Int32) throws {
        let service = try RunningService(Program())
        let client = try service.client()
        #expect(try client.exchange(lines(1...3000), total: 3000).accepted == 3000)
        let idle = try service.client()
        let start = ContinuousClock.now
        #expect(try service.stop(with: signal) == 0)
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(try client.receiveLine() == nil)
        #expect(try idle.receiveLine() == nil)
        #expect(service.errors == "")
        #expect(try service.program.query("SELECT count(*) FROM events") == "3000")
        try expectTidy(service)
    }

    @Test("Clients that connect during the stop do not disturb it")
    func connectingAtTheStop() throws {
        let service = try RunningService(Program())
        service.signal(SIGSTOP)
        let clients = try (0..<100).map { _ in try service.client() }
        service.signal(SIGTERM)
        service.signal(SIGCONT)
        #expect(try service.stop() == 0)
        #expect(service.errors == "")
        for client in clients { #expect((try? client.receiveLine()) == nil) }
        try expectTidy(service)
    }

    @Test("A service after a kill replaces leftover files, and stores acknowledged events")
    func afterKill() throws {
        let program = try Program()
        let first = try RunningService(program)
        #expect(try first.client().exchange(lines(1...10), total: 10).accepted == 10)
        first.kill()
        #expect(FileManager.default.fileExists(atPath: first.runtime.socketPath))
        let next = try RunningService(program)
        #expect(try next.client().exchange(lines(11...20), total: 10).accepted == 10)
        #expect(try program.run("telemetry").output.contains("Service:    running, process \(next.id)\n"))
        #expect(try next.stop() == 0)
        #expect(try program.query("SELECT count(*), count(DISTINCT duration_ms) FROM events") == "20|20")
        try expectTidy(next)
    }

    @Test("Links in place of the service's files are replaced, and their targets stay unchanged")
    func links() throws {
        let program = try Program()
        try program.run("record", "--command", "make")
        let precious = program.folder.path + "/precious"
        try Data("precious".utf8).write(to: URL(filePath: precious))
        let names = [
            RuntimeFolder.socketName, RuntimeFolder.pipeName, RuntimeFolder.processName,
            RuntimeFolder.hooksName, RuntimeFolder.processName + ".new",
        ]
        for name in names.dropLast() {
            try FileManager.default.createSymbolicLink(
                atPath: program.folder.data.folder.path(of: name), withDestinationPath: precious)
        }
        let service = try RunningService(program)
        #expect(try service.client().exchange(lines(1...1), total: 1).accepted == 1)
        #expect(try String(contentsOfFile: precious, encoding: .utf8) == "precious")
        #expect(try service.stop() == 0)
        #expect(try String(contentsOfFile: precious, encoding: .utf8) == "precious")
        // The lock and the name under which the number is written first are no place for a link either.
        for name in [RuntimeFolder.lockName, RuntimeFolder.processName + ".new"] {
            try? FileManager.default.removeItem(atPath: program.folder.data.folder.path(of: name))
            try FileManager.default.createSymbolicLink(
                atPath: program.folder.data.folder.path(of: name), withDestinationPath: precious)
            let refused = try program.run("serve")
            #expect(refused.status == 77)
            #expect(refused.errors.split(separator: "\n").count == 1, "\(refused.errors)")
            #expect(try String(contentsOfFile: precious, encoding: .utf8) == "precious")
            try FileManager.default.removeItem(atPath: program.folder.data.folder.path(of: name))
        }
    }

    @Test("A data folder whose path is too long for a socket is refused with a suggested fix")
    func longPath() throws {
        var program = try Program()
        let folder = program.folder.path + "/" + String(repeating: "d", count: 100)
        program.environment["NEXUS_DATA_DIR"] = folder
        let refused = try program.run("serve")
        #expect(refused.status == 69)
        #expect(
            refused.errors
                == "nexus: \(folder)/socket is too long for a socket; choose a shorter NEXUS_DATA_DIR or set "
                + "XDG_RUNTIME_DIR\n")
    }

    @Test(
        "The service refuses to start with telemetry off, and writes nothing",
        arguments: [["NEXUS_TELEMETRY": "off"], ["DO_NOT_TRACK": "1"]]
    )
    func off(setting: [String: String]) throws {
        var program = try Program()
        program.environment.merge(setting) { $1 }
        let refused = try program.run("serve")
        #expect(refused.status == 78)
        #expect(refused.errors.hasPrefix("nexus: cannot serve: recording is off"))
        #expect(refused.errors.split(separator: "\n").count == 1)
        #expect(!FileManager.default.fileExists(atPath: program.folder.data.folder.path))
    }
}
