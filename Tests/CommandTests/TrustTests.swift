import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Trusted files")
struct TrustTests {
    private static let recorders: [(executable: String, arguments: [String])] = [
        ("nexus", ["record", "--command", "make"]), ("nexus", ["record", "--stdin"]),
        ("nexus-record", ["--command", "make"]),
        ("nexus", ["session", "start"]), ("nexus", ["serve"]),
    ]

    private func run(_ program: Program, _ executable: String, _ arguments: [String]) throws -> (Int32, String) {
        let process = program.process(arguments)
        process.executableURL = URL(filePath: Program.path(of: executable))
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let data = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    private func chmod(_ path: String, _ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    /// Expects that every recorder refuses with a sentence, and that nothing was recorded.
    private func expectRefused(_ program: Program, _ sentence: String) throws {
        for (executable, arguments) in Self.recorders {
            let (status, errors) = try run(program, executable, arguments)
            #expect(status == 77 && errors.contains(sentence), "\(arguments): \(status) \(errors)")
        }
        #expect(try run(program, "nexus", ["exec", "--", "true"]).0 == 0)
    }

    @Test(
        "Settings of another user, or that others may write to, are refused, and nothing is recorded",
        arguments: [0o666, 0o620, 0o602, nil])
    func settings(mode: Int?) throws {
        let program = try Program()
        #expect(try program.run("record", "--command", "make").status == 0)
        #expect(try program.run("telemetry", "on").status == 0)
        let path = program.folder.data.settingsPath
        if let mode {
            try chmod(path, mode)
        } else {
            // Only root can give a file away.
            guard unsafe chown(path, 65_534, 65_534) == 0 else { return }
        }
        try expectRefused(program, "it belongs to another user, or others may write to it")
        try FileManager.default.removeItem(atPath: path)
        #expect(try program.run("flush").status == 0)
        #expect(try program.query("SELECT count(*) FROM events") == "1")
    }

    @Test("A data folder that others may write to is refused by every recorder", arguments: [0o777, 0o720, 0o702])
    func folder(mode: Int) throws {
        let program = try Program()
        #expect(try program.run("record", "--command", "make").status == 0)
        let path = program.folder.data.folder.path
        try chmod(path, mode)
        try expectRefused(program, "that others may write to")
        #expect(try program.run("doctor").output.contains("other users have access to \(path) (mode"))
        try chmod(path, 0o755)
        #expect(try program.run("record", "--command", "make").status == 0)
        #expect(try program.run("flush").status == 0)
        #expect(try program.query("SELECT count(*) FROM events") == "2")
    }

    @Test(
        "No folder is created below one of another user, as with root and that user's HOME",
        .enabled(if: geteuid() == 0)
    )
    func foreignHome() throws {
        var program = try Program()
        let home = program.folder.path + "/home"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: false)
        #expect(unsafe chown(home, 65_534, 65_534) == 0)
        for (name, value) in [("HOME", home), ("XDG_DATA_HOME", home), ("NEXUS_DATA_DIR", home + "/x/y")] {
            program.environment["NEXUS_DATA_DIR"] = nil
            program.environment[name] = value
            try expectRefused(program, "create a folder in another user's folder")
            #expect(try FileManager.default.contentsOfDirectory(atPath: home) == [])
            program.environment[name] = nil
        }
    }
}
