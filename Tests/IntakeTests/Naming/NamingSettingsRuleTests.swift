import Core
import Intake
import TestSupport
import Testing

@Suite("Effects of the settings on names")
struct NamingSettingsRuleTests {
    private static var naming: NamingSettings {
        var naming = NamingSettings()
        naming.ignore = ["ls", "git status"]
        naming.subcommands = ["mytool"]
        naming.interactive = ["mytui", "mytool shell"]
        naming.usesGitWorkspace = false
        return naming
    }

    private func event(_ line: String) -> ShellEvent? {
        ShellLine(line.utf8, naming: Self.naming).event(ShellResult(status: 0, durationMS: 5))
    }

    @Test("A program in 'subcommands' keeps its subcommand, in a line and as arguments")
    func subcommands() {
        #expect(event("sudo mytool build --fast x")?.command == "mytool build")
        #expect(event("mytool -x build")?.command == "mytool")
        #expect(ShellLine("mytool build".utf8).event()?.command == "mytool")
        #expect(
            ShellLine(arguments: ["/usr/bin/mytool", "build", "x"], naming: Self.naming).command.name == "mytool build")
        #expect(CommandRules.name([ShellWord("mytool")], naming: Self.naming).isListed)
        #expect(!CommandRules.name([ShellWord("mytool")]).isListed)
    }

    @Test("A command in 'interactive' has neither success nor duration")
    func interactive() {
        for line in ["mytui x", "mytool shell x"] {
            #expect(event(line)?.success == nil && event(line)?.keepsDuration == false, "\(line)")
        }
        #expect(event("mytool build")?.success == true && event("mytool build")?.keepsDuration == true)
        #expect(event("mytui <file")?.keepsDuration == true)
    }

    @Test(
        "An ignored command is rejected as such, whichever key names it, and counted",
        arguments: [
            #"{"command":"ls"}"#, #"{"command":"ls -l /home"}"#, #"{"command":"/bin/ls"}"#,
            #"{"command":"git status --short"}"#, #"{"shell_line":"sudo git status","exit_status":0}"#,
            #"{"shell_line":"ls; make","exit_status":0}"#, #"{"command":"l\u0073"}"#,
            #"{"event_type":"build","command":"ls"}"#,
        ])
    func ignored(line: String) {
        var intake = EventIntake(key: IntakeHarness.key, session: "s", naming: Self.naming)
        #expect(throws: Rejection(.ignored)) { try intake.accept(line: Array(line.utf8).span) }
        #expect(intake.takeRejections()?[.rejected(.ignored)] == 1)
    }

    @Test(
        "Other commands are accepted",
        arguments: [
            #"{"command":"lsblk"}"#, #"{"command":"git stash"}"#, #"{"command":"git"}"#, #"{"event_type":"ls"}"#,
            #"{"shell_line":"make; ls","exit_status":0}"#,
        ])
    func accepted(line: String) throws {
        var intake = EventIntake(key: IntakeHarness.key, session: "s", naming: Self.naming)
        try intake.accept(line: Array(line.utf8).span)
    }

    @Test("A workspace that the user named stays with the workspace of repositories off")
    func gitWorkspace() throws {
        func workspace(_ line: String, _ naming: NamingSettings) throws -> String? {
            var intake = EventIntake(key: IntakeHarness.key, session: "s", naming: naming)
            try intake.accept(line: Array(line.utf8).span)
            return AcceptedEvent(payload: intake.payload)?.workspaceHash
        }
        let ofGit = #"{"shell_line":"make","workspace":"acme","git_root":true}"#
        let named = #"{"shell_line":"make","workspace":"acme","git_root":false}"#
        let hash = try workspace(ofGit, .none)
        #expect(hash?.isEmpty == false)
        #expect(try workspace(ofGit, Self.naming) == "")
        #expect(try workspace(named, Self.naming) == hash)
        #expect(try workspace(#"{"shell_line":"make","workspace":"acme"}"#, Self.naming) == hash)
    }
}
