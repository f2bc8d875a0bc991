import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// A data folder whose key is gone while names were hashed with it.
struct LostKeyTests {
    private let program: Program
    private var data: DataFolder { program.folder.data }
    private let names = ["--workspace", "acme", "--task", "launch"]
    private let line = #"{"command":"make","workspace":"acme","task":"launch"}"#

    init() throws {
        program = try Program()
        #expect(try program.run(["record", "--command", "first"] + names).status == 0)
        #expect(try program.run("flush").status == 0)
    }

    private func dropped() throws -> Int {
        let status = try program.run("telemetry", "status", "--json").output
        let values = try JSONSerialization.jsonObject(with: Data(status.utf8)) as? [String: Any]
        return try #require(values?["dropped_fields"] as? Int)
    }

    /// The number of events with both hashes, with none, and of different workspaces.
    private func hashes() throws -> String {
        #expect(try program.run("flush").status == 0)
        return try program.query(
            """
            SELECT total(workspace_hash IS NOT NULL AND task_hash IS NOT NULL) || '|'
                || total(workspace_hash IS NULL AND task_hash IS NULL) || '|' || count(DISTINCT workspace_hash) FROM events
            """)
    }

    @Test("Every path records without names after the key is lost, counts them, and creates no other key")
    func everyPath() throws {
        let service = try RunningService(program)
        let client = try service.client()
        #expect(try client.exchange([line], total: 1).accepted == 1)
        let stream = program.process(["record", "--stdin", "--ack"])
        let (input, output) = (Pipe(), Pipe())
        stream.standardInput = input
        stream.standardOutput = output
        try stream.run()
        try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
        _ = output.fileHandleForReading.availableData

        try data.folder.rename("key", to: "saved")
        try input.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
        try input.fileHandleForWriting.close()
        stream.waitUntilExit()
        #expect(stream.terminationStatus == 0)
        #expect(try client.exchange([line], total: 2).accepted == 2)
        #expect(NamedPipe.offer(line + "\n", to: service.runtime.pipePath))
        #expect(RunningService.poll { NamedPipe.waitingBytes(in: service.runtime.pipePath) == 0 })
        #expect(try service.stop() == 0)
        #expect(try program.run(["record", "--command", "make"] + names).status == 0)
        #expect(try program.run("record", "--stdin", input: line + "\n").status == 0)
        #expect(try program.run(["exec"] + names + ["--", "true"]).status == 0)
        // The path of the shell hooks when no service runs.
        let recorder = program.process(["--stdin"])
        recorder.executableURL = URL(filePath: Program.path(of: "nexus-record"))
        let lines = Pipe()
        recorder.standardInput = lines
        try recorder.run()
        try lines.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
        try lines.fileHandleForWriting.close()
        recorder.waitUntilExit()
        #expect(recorder.terminationStatus == 0)

        #expect(try hashes() == "3.0|7.0|1")
        #expect(try dropped() == 14)
        #expect(!data.folder.has("key"))
        let doctor = try program.run("doctor")
        #expect(doctor.status == 65 && doctor.output.contains("nexus telemetry rekey"), "\(doctor.output)")
        #expect(try program.run("telemetry", "status").output.contains("events are recorded without names"))
    }

    @Test("The key put back gives the same hashes, and a copied folder without its key records without names")
    func putBack() throws {
        try data.folder.rename("key", to: "saved")
        #expect(try program.run(["record", "--command", "make"] + names).status == 0)
        #expect(try hashes() == "1.0|1.0|1")
        try data.folder.rename("saved", to: "key")
        #expect(try program.run(["record", "--command", "make"] + names).status == 0)
        #expect(try hashes() == "2.0|1.0|1")
        #expect(try program.run("doctor").status == 0)
    }

    @Test(
        "Names are hashed again after 'rekey' and after a purge of everything",
        arguments: ["rekey", "purge --all"])
    func renewed(command: String) throws {
        try data.folder.remove("key")
        let words = command.split(separator: " ").map(String.init)
        #expect(try program.run(["telemetry"] + words + ["--yes"]).status == 0)
        #expect(try program.run(["record", "--command", "make"] + names).status == 0)
        #expect(try hashes() == (command == "rekey" ? "2.0|0.0|2" : "1.0|0.0|1"))
        #expect(try program.run("doctor").status == 0)
    }
}
