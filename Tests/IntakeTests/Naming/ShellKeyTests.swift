import Core
import Intake
import TestSupport
import Testing

@Suite("The keys of a shell line")
struct ShellKeyTests {
    @Test("Every line of the table makes its event as NDJSON")
    func table() throws {
        var harness = IntakeHarness()
        for row in try ShellLineRow.all() {
            for shell in row.shells {
                let json = try row.json(shell)
                guard let expected = row.event else {
                    #expect(harness.rejection(of: json)?.reason == .noCommand, "\(json)")
                    continue
                }
                let event = try #require(try harness.accept(json), "\(json)")
                #expect(event.type == expected.type.rawValue && event.command == expected.command, "\(json): \(event)")
                #expect(event.success == expected.success, "\(json): \(event)")
                #expect(event.errorCategory == expected.errorCategory ?? "", "\(json): \(event)")
                #expect(event.durationMS == (expected.keepsDuration ? row.durationMS : nil), "\(json): \(event)")
            }
        }
    }

    @Test(
        "A value of the wrong type is dropped and counted; in strict mode it rejects the line",
        arguments: [
            #""shell_line":17"#, #""shell_line":["make"]"#, #""shell":1"#, #""shell_part":"1""#, #""shell_part":-1"#,
            #""exit_status":"0""#, #""exit_status":1.5"#, #""exit_status":true"#, #""pipe_status":0"#,
            #""pipe_status":[0,"1"]"#,
            #""pipe_status":[[0]]"#, #""pipe_status":{"a":1}"#, #""folder_changed":"yes""#, #""folder_changed":1"#,
        ])
    func wrongType(member: String) throws {
        var harness = IntakeHarness()
        let line = "{\"command\":\"make\",\(member)}"
        let event = try #require(try harness.accept(line))
        #expect(event.command == "make")
        #expect(harness.intake.takeRejections()?[.droppedField] == 1)
        var strict = IntakeHarness(strict: true)
        #expect(strict.rejection(of: line)?.reason == .wrongType)
    }

    @Test("A duplicate key rejects the line", arguments: ShellKey.allCases)
    func duplicate(key: ShellKey) {
        var harness = IntakeHarness()
        #expect(
            harness.rejection(of: "{\"command\":\"x\",\"\(key.rawValue)\":null,\"\(key.rawValue)\":null}")?.reason
                == .duplicateKey)
    }

    @Test("Escapes mean their characters, in keys and lines")
    func escapes() throws {
        var harness = IntakeHarness()
        let event = try harness.accept(#"{"shell\u005fline":"git\u0020status \"x\"\n","exit_status":0}"#)
        #expect(event?.command == "git status" && event?.success == true)
    }

    @Test("An event without a time began its duration ago, also if the duration is not its own")
    func start() throws {
        var harness = IntakeHarness()
        for line in ["make", "vim x"] {
            let event = try harness.accept("{\"shell_line\":\"\(line)\",\"duration_ms\":2500}")
            #expect(event?.timestamp == IntakeHarness.now - 2500)
        }
        #expect(try harness.accept(#"{"command":"make","duration_ms":2500}"#)?.timestamp == IntakeHarness.now - 2500)
    }

    @Test("A command takes precedence over the line, and a given type stays")
    func precedence() throws {
        var harness = IntakeHarness()
        #expect(try harness.accept(#"{"command":"deploy","shell_line":"make"}"#)?.command == "deploy")
        let event = try harness.accept(
            #"{"event_type":"build","shell_line":"make all","error_category":"oom","success":false}"#)
        #expect(event?.type == "build" && event?.command == "make all" && event?.errorCategory == "oom")
    }

    @Test("The payload has nothing of a line but its name", arguments: ShellDialect.allCases)
    func privacy(shell: ShellDialect) throws {
        var harness = IntakeHarness()
        let line = "TOKEN=hunter2 sudo -u hunter2 git push hunter2 'hunter2' | grep hunter2"
        _ = try harness.accept("{\"shell_line\":\"\(line)\",\"shell\":\"\(shell.rawValue)\",\"exit_status\":0}")
        let text = String(decoding: harness.intake.payload, as: UTF8.self)
        #expect(text.contains("git push") && !text.contains("hunter2"))
    }

    @Test("A word of a line that looks like a secret is redacted")
    func secret() throws {
        var harness = IntakeHarness()
        #expect(try harness.accept(#"{"shell_line":"make ghp_abcdefghijklmnop1234"}"#)?.command == "make")
    }

    @Test("A path is kept as its base name", arguments: ["./build.sh", "/usr/bin/build.sh", "  ../x/build.sh"])
    func paths(command: String) throws {
        var harness = IntakeHarness()
        #expect(try harness.accept("{\"command\":\"\(command) all\"}")?.command == "build.sh all")
    }
}
