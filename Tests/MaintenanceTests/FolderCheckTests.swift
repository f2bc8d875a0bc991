import Core
import DatabaseTesting
import Foundation
import Maintenance
import SystemSupport
import TestSupport
import Testing

@Suite("Doctor checks of a data folder")
struct FolderCheckTests {
    private let stored: StoredFolder
    private var data: DataFolder { stored.data }

    init() async throws {
        stored = try StoredFolder()
        try await stored.store([#"{"command":"make"}"#])
        // SQLite makes it by the mask of the process, which a program of Nexus sets and a test does not.
        try stored.setMode(0o600, of: data.databasePath)
    }

    private func path(_ name: String) -> String { data.folder.path(of: name) }

    private func findings() throws -> [CheckResult] { try FolderCheck.run(data) }

    @Test("A missing folder is not a problem")
    func none() throws {
        let other = try TemporaryFolder().data
        #expect(
            try FolderCheck.run(other)
                == [.ok("folder", "nothing was recorded yet: there is no \(other.folder.path)")])
    }

    @Test("A folder that only its owner may read is valid")
    func closed() throws {
        let results = try findings()
        #expect(results.count == 1 && results[0].state == .ok, "\(results)")
        #expect(results[0].text.hasSuffix("entries, and no other user may read them"))
    }

    @Test("A file or a folder that others may read is an error, with the mode that closes it")
    func open() throws {
        try stored.setMode(0o644, of: data.databasePath)
        try stored.setMode(0o750, of: data.bufferFolder.path)
        #expect(
            try findings() == [
                .error(
                    "folder", "other users have access to \(data.bufferFolder.path) (mode 750)",
                    suggestion: "run 'chmod 700' on it"),
                .error(
                    "folder", "other users have access to \(data.databasePath) (mode 644)",
                    suggestion: "run 'chmod 600' on it"),
            ])
    }

    @Test("The folder itself is checked as well")
    func folderItself() throws {
        try stored.setMode(0o755, of: data.folder.path)
        #expect(try findings().map(\.text) == ["other users have access to \(data.folder.path) (mode 755)"])
    }

    @Test("A link is an error, and its name is shown without control characters")
    func link() throws {
        try FileManager.default.createSymbolicLink(atPath: path("a\u{1B}[2J"), withDestinationPath: "/dev/null")
        #expect(
            try findings() == [
                .error(
                    "folder", path(#"a\u{1b}[2J"#) + " is a symbolic link, and links are not followed",
                    suggestion: "replace the link by its target")
            ])
    }

    @Test("A pipe under a name of Nexus's files is an error, and the service's own pipe is not")
    func pipe() throws {
        _ = try NamedPipe.create(path("key"), capacity: 4096)
        _ = try NamedPipe.create(path(RuntimeFolder.pipeName), capacity: 4096)
        #expect(
            try findings() == [
                .error(
                    "folder", "\(path("key")) is not a regular file",
                    suggestion: "move it away; Nexus creates the file when it needs it")
            ])
    }

    @Test("A file of another user is an error", .enabled(if: geteuid() == 0, "only root can give a file away"))
    func foreign() throws {
        try stored.write("notes", [])
        try FileManager.default.setAttributes([.ownerAccountID: 54_321], ofItemAtPath: path("notes"))
        let results = try findings()
        #expect(results.map(\.text) == ["\(path("notes")) belongs to another user"])
        #expect(results.first?.suggestion == "make your user its owner with chown, or move it away")
    }

    @Test("Leftover files of killed processes are a note")
    func leftovers() throws {
        try stored.write("key.new-17", [])
        try stored.write("settings.json.new", [])
        let results = try findings()
        #expect(results.map(\.state) == [.note])
        #expect(results.first?.text == "left by a killed process: key.new-17, settings.json.new")
    }
}
