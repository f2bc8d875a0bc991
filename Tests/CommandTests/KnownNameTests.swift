import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// Names of workspaces in the owner's reports, which folders on this disk explain.
struct KnownNameTests {
    private var program: Program
    /// A folder of repositories: `webshop`, which is a repository, and `client|site` next to it.
    private let sources: String

    init() throws {
        program = try Program()
        sources = program.folder.path + "/src"
        program.environment["HOME"] = program.folder.path
        for folder in ["webshop/.git", "webshop/inner", "client|site"] {
            try FileManager.default.createDirectory(atPath: sources + "/" + folder, withIntermediateDirectories: true)
        }
        let lines = ["webshop", "client|site", "elsewhere"].map {
            #"{"command":"make","workspace":"\#($0)","success":true}"#
        }
        #expect(try program.run("record", "--stdin", input: lines.joined(separator: "\n") + "\n").status == 0)
        #expect(try program.run("flush").status == 0)
    }

    /// The output of a call in a folder.
    private func run(_ arguments: String..., in folder: String) throws -> String {
        let process = program.process(arguments)
        process.currentDirectoryURL = URL(filePath: folder)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self)
    }

    @Test("A list shows the names of the current repository and of those next to it, else the first digits of the hash")
    func terminal() throws {
        let list = try run("stats", "--by", "workspace", in: sources + "/webshop/inner")
        let other = try program.query(
            "SELECT substr(workspace_hash, 1, 8) FROM events WHERE id = 3")
        #expect(
            list.contains("  webshop ") && list.contains("  client|site ") && list.contains("  \(other) "), "\(list)")
        let runs = try run("runs", in: sources + "/webshop")
        #expect(runs.contains("webshop") && runs.contains("client|site") && runs.contains(other), "\(runs)")
        let outside = try run("stats", "--by", "workspace", in: "/")
        #expect(!outside.contains("webshop") && !outside.contains("client"), "\(outside)")
    }

    @Test("The folders of the setting explain hashes everywhere")
    func setting() throws {
        try Data(#"{"name_folders":["~/src"]}"#.utf8).write(to: URL(filePath: program.folder.data.settingsPath))
        _ = unsafe chmod(program.folder.data.settingsPath, 0o600)
        let list = try run("stats", "--by", "workspace", in: "/")
        #expect(list.contains("  webshop ") && list.contains("  client|site "), "\(list)")
    }

    @Test("JSON, CSV and Markdown have names only with --names")
    func forms() throws {
        let folder = sources + "/webshop"
        for form in ["json", "csv", "markdown"] {
            let hidden = try run("stats", "--by", "workspace", "--format", form, in: folder)
            #expect(!hidden.contains("webshop"), "\(hidden)")
            let shown = try run("stats", "--by", "workspace", "--format", form, "--names", in: folder)
            #expect(shown.contains("webshop"), "\(shown)")
        }
        let markdown = try run("stats", "--by", "workspace", "--format", "markdown", "--names", in: folder)
        #expect(markdown.contains("| client&#124;site |"), "\(markdown)")
        for form in ["json", "csv"] {
            #expect(try !run("runs", "--format", form, in: folder).contains("webshop"))
            #expect(try run("runs", "--format", form, "--names", in: folder).contains("webshop"))
        }
    }

    @Test("Reports that show names write none: the data folder, a snapshot and a sync have hashes alone")
    func nowhere() throws {
        let folder = sources + "/webshop"
        _ = try run("stats", "--by", "workspace", "--names", in: folder)
        _ = try run("stats", "--by", "workspace", "--names", "--json", in: folder)
        _ = try run("runs", "--names", "--csv", in: folder)
        let stick = program.folder.path + "/stick"
        try FileManager.default.createDirectory(atPath: stick, withIntermediateDirectories: false)
        _ = try run("export", "--format", "ndjson", "-o", stick + "/rows.lz4", in: folder)
        _ = try run("export", "-o", stick + "/snapshot.lz4", in: folder)
        _ = try run("sync", "--to", "file://" + stick, in: folder)
        let kept = Data(try program.folder.allBytes())
        for name in ["webshop", "client|site"] { #expect(kept.range(of: Data(name.utf8)) == nil) }
    }

    @Test("A report without a key or with unreadable settings has no names and no error")
    func broken() throws {
        try FileManager.default.removeItem(atPath: program.folder.data.keyPath)
        #expect(try !run("stats", "--by", "workspace", in: sources + "/webshop").contains("webshop"))
    }
}
