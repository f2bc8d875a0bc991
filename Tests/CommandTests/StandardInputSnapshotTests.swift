import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Snapshots from standard input")
struct StandardInputSnapshotTests {
    /// Pipes the file at `path` into a call of `nexus`.
    private func run(_ program: Program, _ arguments: [String], from path: String) throws -> (Int32, String, String) {
        let command = "cat '\(path)' | \"$0\" \"$@\""
        let process = program.process(["-c", command, Program.url.path] + arguments)
        process.executableURL = URL(filePath: "/bin/bash")
        process.environment?["PATH"] = "/usr/bin:/bin"
        process.environment?["TMPDIR"] = program.folder.path
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        let (out, err) = (try output.fileHandleForReading.readToEnd(), try errors.fileHandleForReading.readToEnd())
        process.waitUntilExit()
        return (
            process.terminationStatus, String(decoding: out ?? Data(), as: UTF8.self),
            String(decoding: err ?? Data(), as: UTF8.self)
        )
    }

    @Test("'verify -', 'import -' and 'stats --from -' read a pipe and leave nothing behind")
    func pipes() throws {
        let program = try Program()
        #expect(try program.run("record", "--command", "make").status == 0)
        let snapshot = program.folder.path + "/snapshot"
        #expect(try program.run("export", "-o", snapshot).status == 0)
        let other = try Program()
        let before = try FileManager.default.contentsOfDirectory(atPath: other.folder.path)
        let verified = try run(other, ["verify", "-"], from: snapshot)
        #expect(verified.0 == 0 && verified.1.hasPrefix("standard input is sound: 1 event from "))
        #expect(try run(other, ["stats", "--json", "--from", "-"], from: snapshot).1.contains(#""commands" : 1"#))
        #expect(try FileManager.default.contentsOfDirectory(atPath: other.folder.path) == before)
        let imported = try run(other, ["import", "-"], from: snapshot)
        #expect(imported.0 == 0 && imported.1 == "1 event imported, 0 already present\n")
    }

    @Test("A problem of a snapshot from a pipe names standard input")
    func damaged() throws {
        let program = try Program()
        let file = program.folder.path + "/nonsense"
        try Data("nonsense".utf8).write(to: URL(filePath: file))
        for arguments in [["verify", "-"], ["import", "-"], ["stats", "--from", "-"]] {
            let (status, _, errors) = try run(program, arguments, from: file)
            #expect(status == 65 && errors.contains("standard input") && !errors.contains("scratch"), "\(errors)")
        }
    }
}
