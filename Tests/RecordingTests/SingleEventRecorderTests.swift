import Core
import Foundation
import Intake
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

@testable import Recording

@Suite("Recording a single event")
struct SingleEventRecorderTests {
    private let folder: TemporaryFolder
    private var data: DataFolder { folder.data }

    init() throws {
        folder = try TemporaryFolder()
    }

    private func recorder(_ naming: NamingSettings = .none) -> SingleEventRecorder {
        SingleEventRecorder(data: data, naming: naming)
    }

    private func flags(_ values: KeyValuePairs<String, String>) throws -> EventFlags {
        var flags = EventFlags()
        for (name, value) in values { try flags.set(name, value) }
        return flags
    }

    private func error(_ work: () throws(RecordingError) -> Void) -> RecordingError? {
        do { try work() } catch { return error }
        return nil
    }

    @Test("An event is in the buffer once it was recorded, and a durable one as well")
    func records() throws {
        var made = try flags(["--command": "swift build -c release", "--duration-ms": "8200.4", "--workspace": "shop"])
        made.set(success: true)
        #expect(try !recorder().record(made, durable: false))
        try recorder().record(flags(["--type": "deploy", "--error-category": "timeout"]), durable: true)
        let events = try BufferedEvents(in: data)
        #expect(events.lines == ["command|swift build|1|-|8200", "deploy|-|-|timeout|-"])
        #expect(try events.workspaces == [HashKey.load(from: data).hash(ofName: "shop"), "-"])
        #expect(try CostLog(data).summary()?.calls == 2)
    }

    @Test("A shell line leaves the name and the outcome of its command")
    func line() throws {
        let failed = try flags([
            "--line": "cd repo && make -j8", "--exit-status": "2", "--folder-changed": "yes", "--duration-ms": "900",
        ])
        try recorder().record(failed, durable: false)
        try recorder().record(
            flags(["--line": "make | tee log", "--pipe-status": "0,0", "--shell": "zsh"]), durable: false)
        #expect(try BufferedEvents(in: data).lines == ["command|make|0|exit_2|900", "command|make|1|-|-"])
    }

    @Test("A rejected event is an error with the reason, and is counted")
    func rejected() throws {
        let error = error { () throws(RecordingError) in
            do {
                try recorder().record(flags(["--timestamp": "yesterday", "--command": "make"]), durable: false)
            } catch let error as RecordingError {
                throw error
            } catch { Issue.record("\(error)") }
        }
        guard case .rejected = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.description.hasPrefix("event not recorded: ") == true && error?.exitCode == .rejectedInput)
        let events = try BufferedEvents(in: data)
        #expect(events.lines.isEmpty && events.rejections.rejected == 1)
    }

    @Test("A command that the settings ignore is counted and is no error")
    func ignored() throws {
        var naming = NamingSettings()
        naming.ignore = ["ls"]
        try recorder(naming).record(flags(["--command": "ls"]), durable: false)
        let events = try BufferedEvents(in: data)
        #expect(events.lines.isEmpty && events.rejections[.rejected(.ignored)] == 1)
    }

    @Test("Nothing is written by one event and by lines while recording is off")
    func off() throws {
        try SettingsFile(data).update { $0.set(recording: false) }
        #expect(try !recorder().record(flags(["--command": "make"]), durable: false))
        let input = try input("{\"command\":\"make\"}\n")
        #expect(try !recorder().record(linesOf: input, durable: false) { _, _ in })
        #expect(try data.folder.names() == ["settings.json"])
    }

    @Test("An event is recorded without names if the key is missing")
    func lostKey() throws {
        try recorder().record(flags(["--command": "make"]), durable: false)
        try data.folder.remove("key")
        try recorder().record(flags(["--command": "make", "--workspace": "shop"]), durable: false)
        let lines = try input(#"{"command":"make","workspace":"shop"}"#)
        #expect(try !recorder().record(linesOf: lines, durable: false) { _, _ in })
        let events = try BufferedEvents(in: data)
        #expect(events.lines.count == 3 && events.workspaces == ["-", "-", "-"])
        #expect(events.rejections[.droppedField] == 2)
    }

    private func input(_ text: String) throws -> File {
        let path = folder.path + "/input-\(UUID().uuidString)"
        try File(opening: path, [.write, .create, .exclusive]).write(text)
        return try File(opening: path, .read)
    }

    @Test("Lines are recorded to the end of the input, and those that are rejected are reported by number")
    func lines() throws {
        var rejected: [Int] = []
        let text =
            "\u{FEFF}{\"command\":\"make\"}\n \t\r\nno json\n\(String(repeating: "x", count: Limits.lineBytes + 1))\n{\"command\":\"git\"}"
        let isDrainDue = try recorder().record(linesOf: input(text), durable: false) { line, _ in rejected.append(line)
        }
        #expect(!isDrainDue && rejected == [3, 4])
        let events = try BufferedEvents(in: data)
        #expect(events.lines == ["command|make|-|-|-", "command|git|-|-|-"] && events.rejections.rejected == 2)
    }

    @Test("A folder that cannot be used is reported with the code that a script expects")
    func unusable() throws {
        try data.folder.prepare()
        try File(opening: data.folder.path, [.read, .folder]).setPermissions(0o777)
        #expect(throws: RecordingError.self) { try recorder().record(flags(["--command": "make"]), durable: false) }
        let unwritable = SystemError("open", "/a", code: 13)
        #expect(RecordingError.key(.system(unwritable)).exitCode == .inputOutput)
        #expect(RecordingError.buffer(.settings(.system(unwritable))).exitCode == .inputOutput)
        #expect(
            RecordingError.settings(.untrusted(path: "/a")).exitCode == SettingsError.untrusted(path: "/a").exitCode)
        #expect(RecordingError.buffer(.full(folder: "/a")).exitCode == .tryAgain)
        #expect(RecordingError.key(.lost(path: "/k")).exitCode == HashKeyError.lost(path: "/k").exitCode)
        let errors: [RecordingError] = [
            .settings(.untrusted(path: "/a")), .buffer(.full(folder: "/a")), .key(.lost(path: "/a")),
        ]
        #expect(errors.allSatisfy { $0.description.contains("/a") })
    }
}

@Suite("The flags that describe an event")
struct EventFlagsTests {
    @Test("Every flag of the help is known, and no other")
    func known() {
        #expect(EventFlags.all.allSatisfy { EventFlags.isFlag($0.name) && !$0.help.isEmpty && !$0.value.isEmpty })
        #expect(!EventFlags.isFlag("--success") && !EventFlags.isFlag("command"))
    }

    @Test(
        "An invalid value of a flag is refused with the accepted ones",
        arguments: [
            ("--duration-ms", "x", "--duration-ms must be a number of milliseconds"),
            ("--services", "1.5", "--services must be a whole number"),
            ("--ports", "", "--ports must be a whole number"),
            ("--exit-status", "256", "--exit-status must be from 0 to 255, with commas between several values"),
            ("--pipe-status", "0,x", "--pipe-status must be from 0 to 255, with commas between several values"),
            ("--folder-changed", "maybe", "--folder-changed must be yes or no"),
            ("--un\u{7}known", "1", "unknown option '--un\\u{7}known'"),
        ])
    func refused(name: String, value: String, message: String) {
        var flags = EventFlags()
        #expect(throws: EventFlags.InvalidValue(description: message)) { try flags.set(name, value) }
    }
}
