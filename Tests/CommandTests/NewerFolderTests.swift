import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// A running service of an older version beside a data folder that a newer version has migrated.
struct NewerFolderTests {
    private func line(_ number: Int) -> String { #"{"command":"make","duration_ms":\#(number)}"# }

    @Test(
        "A running service reports once that a newer Nexus wrote the folder, and loses no accepted event")
    func migratedUnderService() throws {
        let program = try Program()
        let service = try RunningService(program)
        let client = try service.client()
        #expect(try client.exchange([line(1)], total: 1).accepted == 1)
        #expect(try program.run("flush").status == 0)
        #expect(try program.query("SELECT count(*) FROM events") == "1")

        // What a migration of a newer version leaves, and the request for the writer that its program makes before.
        _ = try program.query("INSERT INTO grdb_migrations VALUES ('99: from the future')")
        let refused = try program.run("telemetry", "purge", "--all", "--yes")
        #expect(refused.status != 0 && refused.errors.contains("a newer Nexus wrote it; update Nexus"))
        #expect(RunningService.poll { service.errors.contains("a newer Nexus wrote it; update Nexus") })
        #expect(try client.exchange([line(2), line(3)], total: 3).accepted == 3)
        #expect(NamedPipe.offer(line(4) + "\n", to: service.runtime.pipePath))
        #expect(try program.query("SELECT count(*) FROM events") == "1")
        #expect(service.errors.components(separatedBy: "a newer Nexus wrote it").count == 2, "\(service.errors)")
        #expect(try program.run("record", "--command", "make").status == 0)

        // The newer program takes what waits; here it is this one, once it knows the version.
        _ = try program.query("DELETE FROM grdb_migrations WHERE identifier = '99: from the future'")
        #expect(RunningService.poll { (try? program.query("SELECT count(*) FROM events")) == "5" }, "\(service.errors)")
        #expect(try service.stop() == 0)
        #expect(
            try program.query(
                "SELECT group_concat(coalesce(duration_ms, 0)) FROM (SELECT * FROM events ORDER BY duration_ms)")
                == "0,1,2,3,4")
    }
}
