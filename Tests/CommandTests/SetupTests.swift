import Foundation
import SystemSupport
import TestSupport
import Testing

/// A home folder of a test's own, in which shells find the programs of the build.
struct TestHome {
    let path: String
    var program: Program

    init() throws {
        program = try Program()
        path = program.folder.path + "/home"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let programs = Program.url.deletingLastPathComponent().path
        program.environment["NEXUS_SESSION"] = nil
        program.environment["HOME"] = path
        program.environment["LANG"] = "C.UTF-8"
        program.environment["PATH"] = programs + ":/usr/bin:/bin"
    }

    /// Writes a file below the home folder.
    func put(_ name: String, _ content: String, mode: Int = 0o644) throws {
        try put(name, Data(content.utf8), mode: mode)
    }

    /// Writes a file below the home folder.
    func put(_ name: String, _ content: Data, mode: Int = 0o644) throws {
        let url = URL(filePath: path + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try content.write(to: url)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url.path)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path + "/" + name, withDestinationPath: target)
    }

    func content(_ name: String) -> Data? { FileManager.default.contents(atPath: path + "/" + name) }

    /// Runs the program with the home folder as working folder.
    func run(_ arguments: String...) throws -> Program.Outcome {
        let process = program.process(arguments)
        process.currentDirectoryURL = URL(filePath: path)
        let (output, errors) = (program.folder.path + "/out", program.folder.path + "/err")
        for name in [output, errors] { _ = FileManager.default.createFile(atPath: name, contents: nil) }
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        process.waitUntilExit()
        func text(_ name: String) -> String {
            String(decoding: FileManager.default.contents(atPath: name) ?? Data(), as: UTF8.self)
        }
        return Program.Outcome(status: process.terminationStatus, output: text(output), errors: text(errors))
    }
}

@Suite("nexus setup")
struct SetupTests {
    /// A start file before the set-up.
    struct Kind: CustomTestStringConvertible, Sendable {
        let name: String
        var shell = "bash"
        var file = ".bashrc"
        /// Nil for a file that is not there.
        var content: [UInt8]?
        var mode = 0o644
        /// Other files and links that are there.
        var others: [(name: String, content: String)] = []
        var links: [(name: String, target: String)] = []

        var testDescription: String { name }
    }

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    static let kinds: [Kind] = [
        Kind(name: "usual", content: text("alias ll='ls -l'\nPS1='$ '\n")),
        Kind(name: "without a newline at the end", content: text("alias ll='ls -l'")),
        Kind(name: "empty", content: []),
        Kind(name: "missing", content: nil),
        Kind(name: "continued at the end", content: text("PS1='$ ' \\\n")),
        Kind(name: "ending in a backslash", content: text("PS1='$ ' \\")),
        Kind(name: "ending in two backslashes", content: text("X=\\\\\n")),
        Kind(name: "with CRLF", content: text("# note\r\n# more\r\n")),
        Kind(name: "not UTF-8", content: text("# ") + [0xFF, 0xFE, 0x00, 0x0A]),
        Kind(name: "with a byte order mark", content: [0xEF, 0xBB, 0xBF] + text("# x\n")),
        Kind(
            name: "a link to a file of another name", content: nil, others: [("dotfiles/bashrc", "X=1\n")],
            links: [(".bashrc", "dotfiles/bashrc")]),
        Kind(
            name: "a link that leads nowhere", content: nil, others: [("dotfiles/x", "")],
            links: [(".bashrc", "dotfiles/rc")]),
        Kind(
            name: "a chain of links over a linked folder", content: nil, others: [("real/rc", "X=1")],
            links: [("dots", "real"), ("one", "dots/rc"), (".bashrc", "one")]),
        Kind(name: "closed to others", content: text("X=1\n"), mode: 0o600),
        Kind(name: "executable", content: text("X=1\n"), mode: 0o755),
        Kind(
            name: "with the block of another tool",
            content: text("# >>> conda initialize >>>\n# <<< conda initialize <<<\n")),
        Kind(name: "zsh", shell: "zsh", file: ".zshrc", content: text("PS1='%# '\n")),
        Kind(name: "zsh, missing", shell: "zsh", file: ".zshrc", content: nil),
        Kind(
            name: "zsh with ZDOTDIR in .zshenv", shell: "zsh", file: "zsh/.zshrc", content: text("PS1='%# '"),
            others: [(".zshenv", "ZDOTDIR=$HOME/zsh\n")]),
        Kind(name: "fish", shell: "fish", file: ".config/fish/conf.d/nexus.fish", content: nil),
        Kind(name: "fish, taken", shell: "fish", file: ".config/fish/conf.d/nexus.fish", content: text("# mine")),
        Kind(
            name: "bash with a login file of its own", content: text("X=1\n"), others: [(".bash_profile", "Y=1\n")]),
    ]

    private struct Snapshot: Equatable {
        let content: Data?
        let mode: Int?
        let inode: UInt64?
        let target: String?
    }

    private func snapshot(_ home: TestHome, _ kind: Kind) -> [String: Snapshot] {
        let names = [kind.file] + kind.others.map(\.name) + kind.links.map(\.name)
        return Dictionary(
            uniqueKeysWithValues: Set(names).map { name in
                let path = home.path + "/" + name
                let status = FileStatus(of: path)
                return (
                    name,
                    Snapshot(
                        content: FileManager.default.contents(atPath: path), mode: status.map { Int($0.permissions) },
                        inode: status?.inode, target: SymbolicLink.target(of: path))
                )
            })
    }

    @Test("'setup' adds the block to the file, and '--undo' restores it byte for byte", arguments: kinds)
    func undo(kind: Kind) throws {
        let home = try TestHome()
        for (name, content) in kind.others { try home.put(name, content) }
        for (name, target) in kind.links { try home.link(name, to: target) }
        if let content = kind.content { try home.put(kind.file, Data(content), mode: kind.mode) }
        let before = snapshot(home, kind)

        let setup = try home.run("setup", "--shell", kind.shell, "--yes")
        let added = String(decoding: try #require(home.content(kind.file)), as: UTF8.self)
        #expect(added.contains("nexus init \(kind.shell)") && added.contains("command -"), "\(added)")
        #expect(setup.status == 0 && setup.output.contains("records: the event of a command arrived"), "\(setup)")
        let during = snapshot(home, kind)
        for (name, file) in before where file.inode != nil {
            #expect(during[name]?.mode == file.mode && during[name]?.inode == file.inode)
            #expect(during[name]?.target == file.target)
        }
        let again = try home.run("setup", "--shell", kind.shell, "--yes")
        #expect(snapshot(home, kind) == during && !again.output.contains("Added to"))

        let undo = try home.run("setup", "--shell", kind.shell, "--undo")
        #expect(undo.status == 0 && undo.output.contains("Removed from"), "\(undo)")
        #expect(snapshot(home, kind) == before)
        #expect(try home.run("setup", "--shell", kind.shell, "--undo").output == "No start file has the block.\n")
    }

    @Test("Text that a user adds after the block stays, and a changed block is not removed")
    func changed() throws {
        let home = try TestHome()
        try home.put(".bashrc", "X=1")
        _ = try home.run("setup", "--shell", "bash", "--yes")
        let block = String(decoding: try #require(home.content(".bashrc")), as: UTF8.self)
        try home.put(".bashrc", block + "Y=1\n")
        #expect(try home.run("setup", "--shell", "bash", "--undo").status == 0)
        #expect(home.content(".bashrc") == Data("X=1\nY=1\n".utf8))
        let changed = block.replacing("command -v nexus", with: "command -v  nexus")
        try home.put(".bashrc", changed)
        let undo = try home.run("setup", "--shell", "bash", "--undo")
        #expect(undo.status == 65 && undo.errors.contains("it was changed"))
        #expect(home.content(".bashrc") == Data(changed.utf8))
    }

    @Test("'setup' changes nothing without consent, nor if the file has the user's own line")
    func consent() throws {
        let home = try TestHome()
        try home.put(".bashrc", "X=1\n")
        let refused = try home.run("setup", "--shell", "bash")
        #expect(refused.status == 64 && refused.errors.contains("--yes"))
        let dry = try home.run("setup", "--shell", "bash", "--dry-run")
        #expect(dry.status == 0 && dry.output.contains("eval \"$(nexus init bash)\""))
        #expect(dry.output.contains(home.path + "/.bashrc") && dry.output.contains("never flags or paths"))
        #expect(home.content(".bashrc") == Data("X=1\n".utf8))
        let own = "X=1\neval \"$(nexus init bash)\"\n"
        try home.put(".bashrc", own)
        let setup = try home.run("setup", "--shell", "bash", "--yes")
        #expect(setup.status == 0 && setup.output.contains("in line 2"), "\(setup)")
        #expect(home.content(".bashrc") == Data(own.utf8))
    }

    @Test("A login file of bash that does not read .bashrc gets the block as well")
    func login() throws {
        let home = try TestHome()
        try home.put(".bash_profile", "Y=1\n")
        _ = try home.run("setup", "--shell", "bash", "--yes")
        #expect(String(decoding: home.content(".bash_profile") ?? Data(), as: UTF8.self).contains("nexus init bash"))
        try home.put(".bash_profile", ". ~/.bashrc\n")
        _ = try home.run("setup", "--shell", "bash", "--yes")
        #expect(home.content(".bash_profile") == Data(". ~/.bashrc\n".utf8))
    }

    @Test("Another shell, a folder in place of the file and a missing HOME are refused with a suggested fix")
    func refused() throws {
        var home = try TestHome()
        #expect(try home.run("setup", "--shell", "tcsh", "--yes").errors.contains("bash, zsh and fish"))
        try FileManager.default.createDirectory(atPath: home.path + "/.bashrc", withIntermediateDirectories: true)
        let folder = try home.run("setup", "--shell", "bash", "--yes")
        #expect(folder.status != 0 && folder.errors.contains("by hand"), "\(folder)")
        home.program.environment["HOME"] = nil
        #expect(try home.run("setup", "--shell", "bash", "--yes").errors.contains("set HOME"))
    }
}
