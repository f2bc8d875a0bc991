import Foundation
import Intake
import SystemSupport
import TestSupport
import Testing

@testable import Application

@Suite("The hook in the start files of a shell")
struct ShellSetupTests {
    private func files(_ home: UserHome, _ shell: String?) throws -> ShellStartFiles {
        try ShellStartFiles(shell: shell, environment: home.environment)
    }

    @Test("A shell without a hook, and a HOME that is no folder of the user, are refused with a reason")
    func refused() throws {
        let home = try UserHome(["SHELL": "/bin/tcsh\u{1B}"])
        #expect(throws: ShellSetupError.unknownShell("/bin/tcsh\u{1B}")) { try files(home, nil) }
        #expect(throws: ShellSetupError.unknownShell("")) { try ShellStartFiles(shell: nil) { _ in nil } }
        #expect(throws: ShellSetupError.noHome) { try files(UserHome(["HOME": "relative"]), "bash") }
        #expect(throws: ShellSetupError.noHome) { try files(UserHome(["HOME": "/nonexistent/home"]), "bash") }
        let text = ShellSetupError.unknownShell("/bin/tcsh\u{1B}").description
        #expect(
            text == "cannot set up '/bin/tcsh\\u{1b}': hooks exist for bash, zsh and fish; give one with --shell")
        #expect(ShellSetupError.noHome.exitCode == .usage)
        #expect(ShellSetupError.homeOfAnother("/home/a").description.contains("/home/a, belongs to another user"))
    }

    @Test("The start file is the one that the shell reads")
    func wanted() throws {
        let home = try UserHome(["SHELL": "/usr/bin/bash"])
        func paths(_ shell: String?, _ home: UserHome, zshFolder: String? = nil) throws -> [String] {
            try files(home, shell).wanted(zshFolder: zshFolder).map { $0.path.replacing(home.path, with: "~") }
        }
        #expect(try paths(nil, home) == ["~/.bashrc"])
        #expect(try paths("zsh", home) == ["~/.zshrc"])
        #expect(try paths("/opt/fish", home) == ["~/.config/fish/conf.d/nexus.fish"])
        #expect(try paths("zsh", home, zshFolder: "/z") == ["/z/.zshrc"])
        let moved = try UserHome(["ZDOTDIR": "/zdot", "XDG_CONFIG_HOME": "/config"])
        #expect(try paths("zsh", moved) == ["/zdot/.zshrc"])
        #expect(try paths("fish", moved) == ["/config/fish/conf.d/nexus.fish"])
        let relative = try UserHome(["ZDOTDIR": "zdot", "XDG_CONFIG_HOME": ""])
        #expect(try paths("zsh", relative) == ["~/.zshrc"])
    }

    @Test("A login bash gets the hook too, unless its file reads .bashrc")
    func login() throws {
        let home = try UserHome()
        try home.put(".profile", "X=1\n")
        #expect(
            try files(home, "bash").wanted(zshFolder: nil).map(\.path)
                == [".bashrc", ".profile"].map { home.path + "/" + $0 })
        try home.put(".bash_profile", ". ~/.bashrc\n")
        #expect(try files(home, "bash").wanted(zshFolder: nil).count == 1)
    }

    @Test(
        "Adding and removing the block restores every byte",
        arguments: [
            ("bash", ".bashrc"), ("zsh", ".zshrc"), ("fish", ".config/fish/conf.d/nexus.fish"),
        ],
        [nil, "", "X=1\n", "X=1", "X=1 \\\n", "X=1 \\", "X=\\\\\n"])
    func roundTrip(shell: (String, String), before: String?) throws {
        let home = try UserHome()
        let name = shell.1
        if let before { try home.put(name, before, mode: 0o600) }
        let setup = ShellSetup(try files(home, shell.0), asksZsh: false)
        let file = try #require(try setup.steps().first).file
        #expect(try file.state() == .absent)
        try file.add()
        let text = try #require(home.content(name))
        #expect(text.hasPrefix(before ?? "") && text.contains("\n    " + setup.line + "\n"))
        #expect(text.hasSuffix("# <<< nexus setup <<<\n"))
        #expect(try file.state() == .block)
        #expect(try setup.undo() == [file])
        #expect(home.content(name) == before)
        #expect(try setup.undo() == [])
    }

    @Test("Text that the user adds after the block stays, on a line of its own")
    func textAfter() throws {
        let home = try UserHome()
        try home.put(".bashrc", "X=1")
        let setup = ShellSetup(try files(home, "bash"), asksZsh: false)
        let file = try #require(try setup.steps().first).file
        try file.add()
        try home.put(".bashrc", (home.content(".bashrc") ?? "") + "Y=2\n")
        #expect(try setup.undo() == [file])
        #expect(home.content(".bashrc") == "X=1\nY=2\n")
    }

    @Test("A block that the user changed is left, and a line of the user's own counts as the hook")
    func changed() throws {
        let home = try UserHome()
        let setup = ShellSetup(try files(home, "bash"), asksZsh: false)
        let file = try #require(try setup.steps().first).file
        try file.add()
        try home.put(".bashrc", (home.content(".bashrc") ?? "").replacing("command -v", with: "command -V"))
        #expect(try file.state() == .changedBlock)
        #expect(throws: StartFileError.changed(path: file.path)) { try setup.undo() }
        #expect(StartFileError.changed(path: "/a").description.hasPrefix("block not removed: it was changed in /a"))
        #expect(StartFileError.changed(path: "/a").exitCode == .rejectedInput)
        try home.put(".bashrc", "# eval \"$(nexus init bash)\"\n\n\teval \"$(nexus init bash)\"\n")
        #expect(try file.state() == .line(3))
        try home.put(".bashrc", ". ~/.bash_aliases\n")
        try home.put(".bash_aliases", "eval \"$(nexus init bash)\"\n")
        #expect(try setup.steps().map(\.state) == [.line(1)])
    }

    @Test("A link stays, and the file it leads to is changed; what is no regular file is refused")
    func links() throws {
        let home = try UserHome()
        try home.put("dots/rc", "X=1\n")
        try FileManager.default.createSymbolicLink(
            atPath: home.path + "/.bashrc", withDestinationPath: "dots/rc")
        let file = StartFile(.bash, home.path + "/.bashrc")
        try file.add()
        #expect(home.content("dots/rc")?.contains("nexus init bash") == true)
        #expect(file.description == "\(home.path)/.bashrc (a link to \(file.target))")
        #expect(FileStatus(of: file.path)?.kind == .link)
        try FileManager.default.createDirectory(atPath: home.path + "/.zshrc", withIntermediateDirectories: true)
        let folder = StartFile(.zsh, home.path + "/.zshrc")
        #expect(throws: StartFileError.self) { try folder.state() }
        do { _ = try folder.state() } catch {
            #expect(error.description.hasPrefix("start file not changed: ") && error.exitCode == .inputOutput)
        }
    }

    @Test("The state of the user's own shell is found without starting it")
    func current() throws {
        var home = try UserHome(["SHELL": "/bin/zsh"])
        let before = try #require(ShellSetup.current(environment: home.environment))
        #expect(before.startFile == "~/.zshrc" && !before.isInstalled)
        try home.put(".zshrc", "eval \"$(nexus init zsh)\"\n")
        #expect(ShellSetup.current(environment: home.environment)?.isInstalled == true)
        home.variables["SHELL"] = "/bin/dash"
        #expect(ShellSetup.current(environment: home.environment) == nil)
    }

    @Test("All files that may have the hook are listed once each")
    func all() throws {
        let home = try UserHome()
        func names(_ shell: String) throws -> [String] {
            ShellSetup(try files(home, shell), asksZsh: false).allFiles.map {
                $0.path.replacing(home.path + "/", with: "")
            }
        }
        #expect(try names("bash") == [".bashrc", ".bash_profile", ".bash_login", ".profile", ".bash_aliases"])
        #expect(try names("zsh") == [".zshrc", ".zshenv", ".zprofile", ".zlogin"])
        #expect(try names("fish") == [".config/fish/conf.d/nexus.fish", ".config/fish/config.fish"])
    }

    @Test("zsh itself names the folder of its start files")
    func zshFolder() throws {
        let home = try UserHome()
        let named = try #require(Environment.value("ZDOTDIR") ?? Environment.value("HOME"))
        #expect(try files(home, "zsh").findZshFolder() == named)
        #expect(ShellSetup(try files(home, "zsh")).allFiles.first?.path == named + "/.zshrc")
        let silent = home.path + "/zsh"
        try FileManager.default.createSymbolicLink(atPath: silent, withDestinationPath: "/bin/true")
        #expect(try files(home, silent).findZshFolder() == nil)
        #expect(try files(home, "/nonexistent/zsh").findZshFolder() == nil)
        #expect(try files(home, "bash").findZshFolder() == nil)
    }
}
