import Core
import Foundation
import Intake
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

@testable import Application

@Suite("The check of a shell's hook")
struct HookCheckTests {
    private static let answer = [
        "version": "5.2", "data": "", "scratch": "/scratch/data", "telemetry": "", "track": "", "nexus": "/bin/nexus",
        "recorder": "/bin/nexus-record", "hook": "1", "installed": "1",
    ]

    private func result(
        _ outcome: HookCheckResult.Outcome = .notArrived, _ changes: [String: String?] = [:], output: String = ""
    ) -> HookCheckResult {
        var result = HookCheckResult(shell: .bash)
        result.outcome = outcome
        result.answer = Self.answer
        for (name, value) in changes { result.answer[name] = value }
        result.output = output
        return result
    }

    @Test("The answers of the shell give the reason why its hook does not record")
    func causes() throws {
        #expect(result().cause == nil)
        #expect(HookCheckResult(shell: .zsh).cause == nil)
        #expect(result(.notArrived, ["telemetry": "off"]).cause == .switchedOff("NEXUS_TELEMETRY"))
        #expect(result(.notArrived, ["telemetry": "YES", "track": "1"]).cause == .switchedOff("DO_NOT_TRACK"))
        #expect(result(.notArrived, ["hook": nil]).cause == .noHook)
        #expect(result(.notArrived, ["hook": nil, "nexus": ""]).cause == .noNexus)
        #expect(
            result(.notArrived, ["hook": nil], output: "hello\nnexus: no can do\n").cause
                == .complaint("nexus: no can do"))
        #expect(result(.notArrived, ["installed": nil]).cause == .removed)
        #expect(result(.notArrived, ["history": "0"]).cause == .noHistory)
        #expect(result(.notArrived, ["recorder": ""]).cause == .noRecorder)
        let folder = try TemporaryFolder()
        _ = try File(opening: folder.path + "/" + RecordingPolicy.markerName, [.write, .create])
        guard case .leftOut = result(.notArrived, ["folder": folder.path]).cause else {
            Issue.record("the marker in the folder is not found")
            return
        }
    }

    @Test("A hook that works is reported with the time, and with the folder that the start files chose")
    func works() {
        let fine = result(.arrived(.microseconds(1500)))
        #expect(fine.isWorking && !result().isWorking)
        #expect(fine.check([]) == .ok("hook", "bash 5.2 records: the event of a command arrived after 2 ms"))
        let elsewhere = result(.arrived(.milliseconds(9)), ["data": "/else\u{7}where"]).check([])
        #expect(elsewhere.state == .note && elsewhere.suggestion?.hasSuffix("events go to /else\\u{7}where") == true)
        #expect(result(.arrived(.zero), ["data": "/scratch/data"]).otherDataFolder == nil)
    }

    @Test("Each reason is reported with what to do")
    func texts() throws {
        let home = try UserHome()
        func check(
            _ changes: [String: String?], _ outcome: HookCheckResult.Outcome = .notArrived, output: String = "",
            _ files: [StartFile] = []
        ) -> (String, String) {
            let check = result(outcome, changes, output: output).check(files)
            #expect(check.check == "hook" && check.state == .error)
            return (check.text, check.suggestion ?? "")
        }
        #expect(check(["track": "1"]).0 == "DO_NOT_TRACK switches recording off in bash")
        #expect(check([:]).0 == "the hook is installed, but no event arrived in time")
        #expect(check(["history": "0"]).1.contains("'set +o history'"))
        #expect(check(["recorder": nil]).0 == "the hook is installed, but 'nexus-record' is not on the PATH")
        #expect(check(["installed": nil]).1.contains("to the end of the start files"))
        #expect(check(["installed": nil], output: "nexus: x\u{1B}\n").0.hasSuffix("bash: nexus: x\\u{1b}"))
        #expect(check(["hook": nil]) == ("the start files of bash have no hook", "run 'nexus setup'"))
        let file = StartFile(.bash, try home.put(".bashrc", "\neval \"$(nexus init bash)\"\n"))
        #expect(
            check(["hook": nil], .notArrived, [file]).0.hasPrefix(
                "line 2 of \(file.path) has the hook, but bash does not"))
        #expect(check(["hook": nil, "nexus": ""], .notArrived, [file]).1.contains("add the folder of nexus to PATH"))
        let other = StartFile(.bash, home.path + "/.profile")
        try other.add()
        #expect(check(["hook": nil], .notArrived, [other]).0.hasPrefix("the block in \(other.path) has the hook"))
        let ended = check([:], .shellEnded, output: "a\n\u{1B}[1mgoodbye\n  \n")
        #expect(ended.0 == "bash ended while it read its start files; its last output: '[1mgoodbye'")
        #expect(check([:], .noPrompt).0.hasPrefix("bash showed no prompt in time"))
        #expect(check([:], .insideCheck).0 == "not checked: this shell was started by a check")
        var replaced = result(.noPrompt)
        replaced.programName = "cat"
        #expect(replaced.check([]).text == "bash showed no prompt: a start file runs 'cat' instead")
    }

    @Test("The probe's answers count once they are complete", arguments: ShellDialect.allCases)
    func probe(shell: ShellDialect) throws {
        let folder = try TemporaryFolder()
        let scratch = Folder(folder.path + "/it's")
        try scratch.prepare()
        let probe = HookProbe(shell: shell, scratch: scratch, data: folder.data)
        #expect(probe.line.contains(#"/it'\''s/probe'"#))
        #expect(probe.script.contains("NEXUS_DATA_DIR") && probe.script.contains(folder.data.folder.path))
        #expect(probe.answer() == nil)
        let answer = try File(opening: scratch.path(of: "answer"), [.write, .create])
        try answer.write("version=5=2\nnothing\nhook=1\n")
        #expect(probe.answer() == nil)
        try answer.write("end=\n")
        #expect(
            probe.answer() == [
                "version": "5=2", "hook": "1", "end": "", "scratch": folder.data.folder.path,
            ])
    }

    private func check(_ home: UserHome, _ shell: String, deadline: Duration = .seconds(20)) throws -> HookCheckResult {
        let files = try ShellStartFiles(shell: shell, environment: home.environment)
        let variables = ["PATH": "/usr/bin:/bin", "HOME": home.path]
        return try HookCheck(files, deadline: deadline, environment: variables).run()
    }

    @Test("An event in the folder of the check is the proof that a shell records")
    func run() throws {
        let home = try UserHome()
        var filler = BufferFiller(DataFolder(home.path))
        try filler.append([#"{"command":"true"}"#, #"{"command":"make"}"#])
        // The start file reads the probe, and then takes an event for a line, as the hook does.
        try home.put(
            ".bashrc",
            """
            echo ready
            IFS= read -r line && eval "$line"
            IFS= read -r line && mkdir -p "$NEXUS_DATA_DIR" && cp -r ~/buffer "$NEXUS_DATA_DIR/"
            read -r line

            """)
        let result = try check(home, "bash")
        #expect(result.isWorking, "\(result)")
        #expect(result.answer["version"]?.hasPrefix("5.") == true && result.otherDataFolder == nil)
    }

    @Test("A shell that ends, and a check inside a check, are reported")
    func ends() throws {
        let home = try UserHome()
        // A program that prints its arguments and ends.
        let shell = home.path + "/zsh"
        try FileManager.default.createSymbolicLink(atPath: shell, withDestinationPath: "/bin/echo")
        let result = try check(home, shell)
        #expect(result.outcome == .shellEnded && result.output.contains("-i"))
        let files = try ShellStartFiles(shell: shell, environment: home.environment)
        #expect(
            try HookCheck(files, deadline: .seconds(1), environment: [HookCheck.mark: "1"]).run().outcome
                == .insideCheck)
        #expect(throws: SystemError.self) { try check(home, "/nonexistent/bash") }
    }
}
