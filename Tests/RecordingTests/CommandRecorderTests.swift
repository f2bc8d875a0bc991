import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@testable import Recording

@Suite("Recording a program that was run")
struct CommandRecorderTests {
    private let folder: TemporaryFolder
    private var data: DataFolder { folder.data }

    init() throws {
        folder = try TemporaryFolder()
    }

    private func record(
        _ command: [String], _ result: Result<ChildProcess.Termination, SystemError>, milliseconds: Int64 = 12,
        startedAt: Int64 = 1_790_000_000_000, in data: DataFolder?
    ) -> CommandRecorder.Outcome {
        CommandRecorder(data: data, workspace: "shop", task: "release")
            .record(command.map { RawArgument($0) }, startedAt: startedAt, milliseconds: milliseconds, result)
    }

    @Test(
        "The exit code is that of a shell, and the event has the outcome of the program",
        arguments: [
            (.success(.exited(0)), 0, "command|make install|1|-|12"),
            (.success(.exited(2)), 2, "command|make install|0|exit_2|12"),
            (.success(.signaled(2)), 130, "command|make install|-|interrupted|12"),
            (.success(.signaled(9)), 137, "command|make install|0|signal_9|12"),
            (.failure(SystemError("run", "make", code: 2)), 127, "command|-|0|not_found|12"),
            (.failure(SystemError("run", "make", code: 13)), 126, "command|make install|0|not_executable|12"),
        ] as [(Result<ChildProcess.Termination, SystemError>, Int32, String)])
    func outcomes(result: Result<ChildProcess.Termination, SystemError>, code: Int32, line: String) throws {
        let outcome = record(["sudo", "make", "install"], result, in: data)
        #expect(outcome.exitCode == code && outcome.recordingError == nil)
        if case .failure(let error) = result {
            #expect(outcome.failure == error)
        } else {
            #expect(outcome.failure == nil)
        }
        let events = try BufferedEvents(in: data)
        #expect(events.lines == [line])
        #expect(events.timestamps == [1_790_000_000_000] && events.workspaces != ["-"])
    }

    @Test("A start in the future, after the clock was set back, is moved to before now")
    func clockSetBack() throws {
        let ahead = SystemClock().now() + 3_600_000
        _ = record(["make"], .success(.exited(0)), milliseconds: 1000, startedAt: ahead, in: data)
        let timestamp = try #require(try BufferedEvents(in: data).timestamps.first)
        #expect(timestamp <= SystemClock().now() - 1000 && timestamp > ahead - 4_000_000)
    }

    @Test("Nothing is recorded without a data folder and while recording is off, and no error is reported")
    func nothing() throws {
        #expect(record(["make"], .success(.exited(3)), in: nil).exitCode == 3)
        try SettingsFile(data).update { $0.set(recording: false) }
        #expect(record(["make"], .success(.exited(0)), in: data).recordingError == nil)
        #expect(try data.folder.names() == ["settings.json"])
    }

    @Test("Settings that cannot be used are reported, and the exit code stays the program's")
    func damagedSettings() throws {
        try data.folder.prepare()
        try File(opening: data.settingsPath, [.write, .create]).write("{")
        let outcome = record(["make"], .success(.exited(7)), in: data)
        guard case .settings(.damaged) = outcome.recordingError else {
            Issue.record("\(outcome)")
            return
        }
        #expect(outcome.exitCode == 7)
    }

    @Test("A folder that cannot be used is reported too")
    func unusableFolder() throws {
        try data.folder.prepare()
        try File(opening: data.folder.path, [.read, .folder]).setPermissions(0o777)
        #expect(record(["make"], .success(.exited(0)), in: data).recordingError != nil)
    }

    @Test(
        "The usual call of exec is read, and any other is left to the argument parser",
        arguments: [
            ("exec -- make -j8", ExecCall([RawArgument("make"), RawArgument("-j8")], workspace: nil, task: nil)),
            (
                "exec --quiet --task t --workspace w -- ls",
                ExecCall([RawArgument("ls")], workspace: "w", task: "t", quiet: true)
            ),
            ("exec --workspace -- -- ls", ExecCall([RawArgument("ls")], workspace: "--", task: nil)),
            ("exec make", nil), ("exec --", nil), ("exec", nil), ("record -- make", nil), ("exec --help -- ls", nil),
            ("exec --task", nil), ("", nil),
        ])
    func execCall(text: String, call: ExecCall?) {
        #expect(ExecCall(text.split(separator: " ").map { RawArgument(String($0)) }) == call)
    }

    @Test("The workspace is that of the environment, else the folder of the git repository")
    func workspace() throws {
        let root = Folder(folder.path + "/home/shop")
        try Folder(root.path(of: ".git")).prepare()
        try Folder(root.path(of: "src/deep")).prepare()
        func name(_ variables: [String: String] = [:], usesGit: Bool = true, in path: String? = nil) -> String? {
            AmbientWorkspace.name(
                usesGit: usesGit, environment: { variables[$0] }, folder: path ?? root.path(of: "src/deep"))
        }
        #expect(name() == "shop" && name(in: root.path) == "shop" && name(usesGit: false) == nil)
        #expect(name(["NEXUS_WORKSPACE": "mine"]) == "mine" && name(["NEXUS_WORKSPACE": ""]) == nil)
        #expect(name(["HOME": root.path]) == nil, "a repository of the whole home folder is no workspace")
        #expect(name(in: "/") == nil && name(in: "relative") == nil)
        #expect(AmbientWorkspace.repository(above: nil, home: nil) == nil)
    }

    @Test("The cost of recording is that of the last thousand calls")
    func costs() throws {
        let log = CostLog(data)
        #expect(try log.summary() == nil)
        try log.waitForWrites()
        try data.folder.prepare()
        for call in 1...2100 { log.note(nanoseconds: UInt64(call) * 1000) }
        // The second half of each two thousand is dropped.
        let summary = try #require(try log.summary())
        #expect(summary == CostLog.Summary(calls: 1000, p50: 1600, p99: 2090))
        #expect(try #require(data.folder.size(of: "costs")) <= 2 * CostLog.entriesKept * 4)
        try log.waitForWrites()
    }

    @Test("No cost is noted while recording is off, while another process notes one, or if the path is not a file")
    func costsLeftOut() throws {
        let log = CostLog(data)
        log.note(nanoseconds: 5_000_000)
        #expect(try log.summary() == nil, "there is no folder")
        try data.folder.prepare()
        log.note(nanoseconds: 5_000_000)
        #expect(try log.summary() == CostLog.Summary(calls: 1, p50: 5000, p99: 5000))
        let file = try File(opening: data.folder.path(of: "costs"), .read)
        try file.lock()
        log.note(nanoseconds: 1000)
        file.unlock()
        try SettingsFile(data).update { $0.set(recording: false) }
        log.note(nanoseconds: 1000)
        #expect(try log.summary()?.calls == 1)
        try data.folder.remove("costs")
        log.note(nanoseconds: 1000)
        #expect(!data.folder.has("costs"))
        try Folder(data.folder.path(of: "costs")).prepare()
        try log.waitForWrites()
        #expect(try log.summary() == nil)
    }

    @Test("The notice names the folder, and is shown on a terminal only")
    func notice() throws {
        let text = FirstNotice.text(DataFolder("/a\u{1B}b"))
        #expect(text.contains("It keeps them in /a\\u{1b}b, on this machine only") && text.hasSuffix("appears once.\n"))
        guard !File.standardError.isTerminal else { return }
        FirstNotice.showIfDue(data)
        #expect(!data.folder.exists)
    }
}
