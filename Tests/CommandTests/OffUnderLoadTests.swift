import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// `nexus telemetry off` while everything runs that records.
///
/// The command returns when every process has stopped: an appender reads the settings under a lock that the command has
/// acquired once since it changed them, and each writer has closed the database. The comparison is therefore exact: no
/// byte after the return, however busy the recorders are. The command measures the second itself, by its monotonic
/// clock. The time that the machine gave to other processes, measured by a concurrent thread, is subtracted.
struct OffUnderLoadTests {
    /// Who has the database open when recording is switched off.
    enum Writer: CaseIterable {
        case service, busyStream, idleStream, recordersOnly
    }

    @Test(
        "No stream, service or Swift program writes a byte after 'telemetry off' has returned, within a second",
        arguments: Writer.allCases)
    func stopsWhatRuns(writer: Writer) throws {
        signal(SIGPIPE, SIG_IGN)
        let program = try Program()
        let service = writer == .service ? try RunningService(program) : nil
        let load = Load(program)
        defer { load.stop() }
        switch writer {
        case .service:
            try load.startPrinting(
                to: RuntimeFolder(for: program.folder.data, environment: { program.environment[$0] }))
        case .busyStream: try load.startStream(isIdle: false)
        case .idleStream: try load.startStream(isIdle: true)
        case .recordersOnly: break
        }
        if writer != .idleStream { try load.startRecorders() }
        let client = try service?.client()
        for round in 1...5 {
            if let client { #expect(try client.exchange([#"{"command":"on"}"#], total: round).accepted == round) }
            try load.waitForProgress()
            let others = StolenTime()
            let outcome = try program.run("telemetry", "off")
            let stolen = others.stop()
            let before = program.dataFiles()
            #expect(outcome.status == 0, "\(outcome)")
            let took = try #require(Int(outcome.output.split(separator: " ").first { Int($0) != nil } ?? ""))
            #expect(.milliseconds(took) - stolen < .seconds(1), "\(outcome.output), stolen \(stolen)")

            try load.waitForProgress()
            if let client {
                let answer = try client.exchange([#"{"command":"off"}"#], total: round)
                #expect(answer == Acknowledgement(accepted: round, rejected: 0))
            }
            #expect(try program.run("exec", "--", "true").status == 0)
            #expect(try program.run("session", "start").status == 0)
            let stats = try program.run("stats")
            #expect(stats.status == 0, "round \(round): \(stats)")
            #expect(try program.run("telemetry", "status").output.contains("off ('nexus telemetry off' was called)"))
            #expect(program.changedFiles(since: before) == [])
            #expect(try program.run("telemetry", "on").output == "Recording is on.\n")
        }
        // What runs records again.
        let before = try count(program)
        try waitUntil("more events") {
            try load.waitForProgress()
            return try count(program) > before || writer == .idleStream
        }
        load.stop()
        _ = try service?.stop()
        #expect(try program.run("flush").status == 0)
        try program.checkTables()
        #expect(try program.query("SELECT count(*) FROM events WHERE command = 'off'") == "0")
    }

    private func count(_ program: Program) throws -> Int {
        let eventCounters = try program.run("telemetry", "status", "--json")
        // In the moment in which the database is made there is nothing to read yet.
        guard eventCounters.status == 0 else { return 0 }
        let values = try JSONSerialization.jsonObject(with: Data(eventCounters.output.utf8)) as? [String: Any]
        return values?["accepted"] as? Int ?? 0
    }
}

/// Processes that record without end.
private final class Load {
    private let program: Program
    private var processes: [Process] = []
    /// Files that grow as the processes come round.
    private var ticks: [String] = []
    private let input = Pipe()

    init(_ program: Program) {
        self.program = program
    }

    /// A loop of a shell around a command that records; it notes each time round.
    private func startLoop(_ command: String) throws {
        let path = program.folder.path + "/ticks-\(ticks.count)"
        ticks.append(path)
        let process = program.process([
            "-c", "exec 2>/dev/null; while :; do { \(command); } 3>&-; echo >&3; done 3>>'\(path)'",
        ])
        process.executableURL = URL(filePath: "/bin/bash")
        try process.run()
        processes.append(process)
    }

    /// Three that start a recorder for each event, and a Swift program, which has its worker woken every 20 ms.
    func startRecorders() throws {
        for number in 0..<3 {
            try startLoop("'\(Program.path(of: "nexus-record"))' --command recorder-\(number); sleep 0.01")
        }
        let probe = program.process([program.folder.data.folder.path, "10"])
        probe.executableURL = URL(filePath: Program.path(of: "TelemetryProbe"))
        let flushed = Pipe()
        probe.standardOutput = flushed
        try probe.run()
        processes.append(probe)
        #expect(flushed.fileHandleForReading.availableData == Data("flushed\n".utf8))
    }

    /// One that prints into the service's pipe.
    func startPrinting(to runtime: RuntimeFolder) throws {
        try startLoop(
            #"[ -p '\#(runtime.pipePath)' ] && printf '{"command":"printed"}\n' >'\#(runtime.pipePath)'; sleep 0.01"#)
    }

    /// A stream: busy, or one that has had a line and waits for the next.
    func startStream(isIdle: Bool) throws {
        let stream = program.process(["record", "--stdin", "--ack"])
        let acknowledgements = Pipe()
        stream.standardInput = input
        stream.standardOutput = acknowledgements
        stream.standardError = FileHandle.nullDevice
        try stream.run()
        processes.append(stream)
        try input.fileHandleForWriting.write(contentsOf: Data("{\"command\":\"streamed\"}\n".utf8))
        #expect(!acknowledgements.fileHandleForReading.availableData.isEmpty)
        // Further acknowledgements are not read.
        try acknowledgements.fileHandleForReading.close()
        guard !isIdle else { return }
        let path = program.folder.path + "/ticks-\(ticks.count)"
        ticks.append(path)
        let process = program.process([
            "-c", #"while printf '{"command":"streamed"}\n'; do echo >&3; done 3>>'\#(path)'"#,
        ])
        process.executableURL = URL(filePath: "/bin/bash")
        process.standardOutput = input
        try process.run()
        processes.append(process)
    }

    /// Returns once each loop has come round several times more.
    func waitForProgress() throws {
        let sizes = ticks.map(size)
        try waitUntil("progress of what records") {
            zip(ticks, sizes).allSatisfy { size(of: $0) >= $1 + 5 }
        }
    }

    private func size(of path: String) -> Int { FileManager.default.contents(atPath: path)?.count ?? 0 }

    func stop() {
        for process in processes where process.isRunning {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }
}
