import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// A ledger that was truncated or replaced together with its head.
struct LedgerNoteTests {
    private let program: Program
    private var stick: String { program.folder.path + "/stick" }

    init() throws {
        program = try Program()
        try FileManager.default.createDirectory(atPath: stick, withIntermediateDirectories: false)
        for _ in 0..<3 { try send(from: program) }
    }

    /// Records an event and sends it: two lines in the ledger.
    private func send(from program: Program, _ flags: String...) throws {
        #expect(try program.run("record", "--command", "make").status == 0)
        let outcome = try program.run(["sync", "--to", "file://\(stick)"] + flags)
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    private func shell(_ script: String, _ program: Program) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-ec", "cd \"$0\"; " + script, program.folder.data.folder.path]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    /// Leaves the given number of lines, and a head that fits them.
    private func truncate(to lines: Int) throws {
        try shell(
            """
            head -n \(lines) ledger.ndjson >shorter; cat shorter >ledger.ndjson; rm shorter
            printf '%s %s\\n' \(lines) "$(tail -n 1 ledger.ndjson | tr -d '\\n' | sha256sum | cut -d' ' -f1)" >ledger.head
            """, program)
    }

    private func expectReported(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let doctor = try program.run("doctor")
        #expect(doctor.status == 65, sourceLocation: sourceLocation)
        #expect(doctor.output.contains(text), "\(doctor.output)", sourceLocation: sourceLocation)
        for arguments in [["sync", "--to", "file://\(stick)"], ["sync", "log"]] {
            let outcome = try program.run(arguments)
            #expect(outcome.status == 74, sourceLocation: sourceLocation)
            #expect(outcome.errors.contains(text), "\(outcome.errors)", sourceLocation: sourceLocation)
        }
        #expect(try program.run("telemetry", "status").output.contains("SENT:"), sourceLocation: sourceLocation)
    }

    private func expectFine(_ program: Program, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let doctor = try program.run("doctor")
        #expect(doctor.status == 0, "\(doctor.output)", sourceLocation: sourceLocation)
    }

    @Test("A ledger that was truncated together with its head is reported, and nothing is sent", arguments: [2, 4])
    func truncated(lines: Int) throws {
        try expectFine(program)
        try truncate(to: lines)
        try expectReported("it has \(lines) of 6 lines: the rest was removed")
    }

    @Test("A ledger that was removed together with its head is reported until the user begins a new one")
    func removed() throws {
        try shell("rm ledger.ndjson ledger.head", program)
        try expectReported("it has 0 of 6 lines: the rest was removed")
        #expect(try program.run("record", "--command", "make").status == 0)
        #expect(try program.run("sync", "--new-ledger", "--dry-run", "--to", "file://\(stick)").status == 64)
        try send(from: program, "--new-ledger")
        try expectFine(program)
        try shell("rm ledger.ndjson ledger.head", program)
        try expectReported("of 2 lines: the rest was removed")
    }

    @Test("A ledger that was replaced together with its head is reported")
    func replaced() throws {
        let other = try Program()
        for _ in 0..<4 { try send(from: other) }
        try shell("cp '\(other.folder.data.folder.path)'/ledger.* .", program)
        try expectReported("it is not the ledger that the database knows")
    }

    @Test("A purge keeps the note, and an older database with a longer ledger is valid")
    func purgeAndRestore() throws {
        try shell("mkdir ../backup; cp nexus.db ../backup", program)
        try send(from: program)
        try shell("cp ../backup/nexus.db new; mv new nexus.db; rm -f nexus.db-*", program)
        try expectFine(program)
        #expect(try program.run("telemetry", "purge", "--all", "--yes").status == 0)
        try expectFine(program)
        try truncate(to: 2)
        try expectReported("it has 2 of 6 lines: the rest was removed")
    }

    @Test("A sync while recording is off leaves the database as it is, and the next one writes the note")
    func off() throws {
        #expect(try program.run("record", "--command", "make").status == 0)
        #expect(try program.run("flush").status == 0)
        var off = program
        off.environment["NEXUS_TELEMETRY"] = "off"
        #expect(try off.run("sync", "--to", "file://\(stick)").status == 0)
        #expect(try program.query("SELECT lines FROM sent_ledger") == "6")
        #expect(try program.run("sync", "--to", "file://\(stick)").status == 0)
        #expect(try program.query("SELECT lines FROM sent_ledger") == "8")
    }
}
