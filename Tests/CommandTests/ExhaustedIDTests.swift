import Foundation
import SystemSupport
import TestSupport
import Testing

/// A data folder whose tables have a row with the highest id there is, as another tool or an import by an older Nexus made it.
struct ExhaustedIDTests {
    @Test(
        "Accepted events wait while ids are exhausted, and the suggested fix stores them all",
        arguments: [
            "INSERT INTO events (id, timestamp, session_id, event_type) "
                + "SELECT 9007199254740992, timestamp, session_id, event_type FROM events WHERE id = 1",
            "INSERT INTO sessions (id, session_id, started_at) VALUES (9007199254740992, 's', '2026-01-01 10:00:00.000')",
        ])
    func exhausted(statement: String) throws {
        let program = try Program()
        let stick = program.folder.path + "/stick"
        try FileManager.default.createDirectory(atPath: stick, withIntermediateDirectories: true)
        let lines = String(repeating: #"{"command":"make"}"# + "\n", count: 3)
        #expect(try program.run("record", "--stdin", input: lines).status == 0)
        #expect(try program.run("sync", "--to", "file://\(stick)").status == 0)
        _ = try program.query(statement)
        let rows = try program.query("SELECT count(*) FROM events")

        #expect(try program.run("record", "--command", "waits", "--session", "other").status == 0)
        let flush = try program.run("flush")
        #expect(flush.status == 74)
        #expect(flush.errors.contains("and no higher id is available; run 'nexus export'"), "\(flush.errors)")
        #expect(try program.run("telemetry", "status").output.contains("Pending:    1 ("))
        let stats = try program.run("stats")
        #expect(stats.status == 0 && stats.errors == flush.errors)
        let doctor = try program.run("doctor")
        #expect(doctor.status == 65)
        #expect(doctor.output.contains("wrong  ids") && doctor.output.contains("9007199254740992"), "\(doctor.output)")

        let saved = program.folder.path + "/saved"
        #expect(try program.run("export", "-o", saved).status == 0)
        let purge = try program.run("telemetry", "purge", "--all", "--yes")
        #expect(purge.status == 0, "\(purge.errors)")
        #expect(try program.query("SELECT count(*) FROM events") == "0")
        #expect(try program.run("doctor").status == 0)
        #expect(try program.run("record", "--stdin", input: lines).status == 0)
        #expect(try program.query("SELECT count(*), max(id) < 10 FROM events") == "3|1")
        // The progress of the sync before is not taken for that of the new rows.
        #expect(try program.run("sync", "--to", "file://\(stick)").output.contains("Sent 3 events"))
        #expect(try program.run("import", saved).status == 0)
        #expect(try program.query("SELECT count(*) - 3 FROM events") == rows)
        let after = try program.run("doctor")
        #expect(after.status == 0, "\(after.output)")
    }
}
