import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// Data of released versions, as they left it, in `Fixtures/Released`: 40 events that are stored, three that are pending
/// in the buffer, and a snapshot of the 40.
@Suite("Data folders and snapshots of released versions")
struct ReleasedFormatTests {
    private static func fixture(_ name: String) -> URL { Repository.root.appending(path: "Fixtures/Released/" + name) }

    /// A program with a copy of a data folder, readable by its owner alone as the version left it.
    private func program(with folder: String) throws -> Program {
        let program = try Program()
        let path = program.folder.data.folder.path
        try FileManager.default.copyItem(atPath: Self.fixture(folder).path, toPath: path)
        for name in ["", "/buffer"] {
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path + name)
        }
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) where name != "buffer" {
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path + "/" + name)
        }
        return program
    }

    @Test(
        "A data folder of a released version is migrated, and every event is stored once", arguments: ["data-folder-1"])
    func dataFolder(name: String) throws {
        let program = try program(with: name)
        #expect(try program.run("flush").status == 0)
        #expect(
            try program.query("SELECT count(*), sum(command = 'make test'), sum(command = 'git push') FROM events")
                == "43|40|3")
        // The key is the old one: the same workspace has the same hash.
        #expect(try program.query("SELECT count(DISTINCT workspace_hash) FROM events") == "1")
        let doctor = try program.run("doctor")
        #expect(doctor.status == 0, "\(doctor.output)\(doctor.errors)")
        let report = try program.run("stats", "--since", "2026-11-01", "--until", "2026-11-20", "--json")
        #expect(report.status == 0 && report.output.contains("make test"), "\(report)")
    }

    @Test("A snapshot is verified, and imported once", arguments: ["snapshot-1.db.lz4"])
    func snapshot(name: String) throws {
        let program = try Program()
        let file = Self.fixture(name).path
        #expect(try program.run("verify", file).status == 0)
        #expect(try program.run("import", file).output == "40 events imported, 0 already present\n")
        #expect(try program.run("import", file).output == "0 events imported, 40 already present\n")
        #expect(try program.query("SELECT count(*), count(DISTINCT session_id) FROM events") == "40|5")
    }
}
