import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// The reports as a person asks for them.
struct ReportTests {
    private let program: Program

    init() throws {
        program = try Program()
    }

    private func record(_ lines: String...) throws {
        #expect(try program.run("record", "--stdin", input: lines.joined(separator: "\n") + "\n").status == 0)
    }

    private func work() throws {
        try record(
            #"{"command":"make all","duration_ms":1200,"success":true,"workspace":"webshop","session_id":"s1"}"#,
            #"{"command":"make all","duration_ms":1800,"success":false,"error_category":"exit_2","session_id":"s1"}"#,
            #"{"command":"git status","duration_ms":30,"success":true,"workspace":"webshop","session_id":"s2"}"#)
    }

    @Test(
        "A data folder that cannot be read is not reported as empty",
        arguments: ["stats", "insights", "flush", "export"])
    func unreachable(command: String) throws {
        var program = try Program()
        program.environment["NEXUS_DATA_DIR"] = "/dev/null/nowhere"
        let outcome = try program.run(command)
        #expect(outcome.status == 74, "\(outcome)")
        #expect(outcome.errors == "nexus: cannot open /dev/null/nowhere: not a directory\n")
    }

    @Test(
        "A day with two midnights begins with the first",
        arguments: [
            ("Atlantic/Azores", ["2026-10-24T12", "2026-10-25T00", "2026-10-25T12"], "2026-10-24", "2026-10-25"),
            ("America/Havana", ["2025-11-01T12", "2025-11-02T04", "2025-11-02T17"], "2025-11-01", "2025-11-02"),
        ])
    func twoMidnights(zone: String, hours: [String], first: String, last: String) throws {
        var program = try Program()
        program.environment["TZ"] = zone
        let lines = hours.map { #"{"timestamp":"\#($0):30:00Z","command":"make"}"# }.joined(separator: "\n")
        try program.run("record", "--stdin", input: lines)
        let table = try program.run("stats", "--by", "day", "--csv", "--since", first, "--until", last).output
        #expect(table.contains("\(first),1,") && table.contains("\(last),2,"), "\(table)")
    }

    @Test("A report filters by the name of a workspace, which is stored nowhere")
    func workspace() throws {
        try work()
        let json = try JSONNode(program.run("stats", "--workspace", "webshop", "--json").output)
        #expect(json["totals"]?["events"] == .integer(2))
        #expect(json["filter"]?["workspace"] == .string("webshop"))
        let list = try JSONNode(program.run("stats", "--by", "workspace", "--json").output)
        guard case .string(let hash)? = list["rows"]?[0]?["name"] else { throw QueryFailure(text: "no row") }
        #expect(hash.count == 32)
        #expect(
            try JSONNode(program.run("stats", "--workspace", hash, "--json").output)["totals"]?["events"] == .integer(2)
        )
        #expect(
            try JSONNode(program.run("stats", "--workspace", "x", "--json").output)["totals"]?["events"] == .integer(0))
    }

    @Test("A filter by workspace creates no key")
    func workspaceWithoutKey() throws {
        #expect(try program.run("stats", "--workspace", "webshop").status == 0)
        #expect(!FileManager.default.fileExists(atPath: program.folder.data.keyPath))
    }

    @Test("A report filters by failures and by a command")
    func filters() throws {
        try work()
        let failed = try JSONNode(program.run("stats", "--failed", "--json").output)
        #expect(failed["totals"]?["events"] == .integer(1) && failed["commands"]?[0]?["failed"] == .integer(1))
        let make = try program.run("stats", "--command", "make all", "--by", "command", "--csv").output
        #expect(make.hasPrefix("command,count,count_before,succeeded,failed,success_rate,total_ms,"))
        #expect(make.contains("\r\nmake all,2,,1,1,0.5,3000,") && !make.contains("git"))
    }

    @Test("CSV without --by is a line a day")
    func csvByDay() throws {
        try record(#"{"command":"make","timestamp":"2026-06-01T10:00:00Z","success":true}"#)
        let csv = try program.run("stats", "--csv").output
        #expect(csv.split(separator: "\r\n").last?.hasPrefix("2026-06-01,1,,1,0,1.0,") == true, "\(csv)")
    }

    @Test(
        "An invalid request is a usage error in one sentence",
        arguments: [
            ["stats", "--by", "colour"], ["stats", "--top", "0"], ["stats", "--json", "--csv"],
            ["stats", "--watch", "--json"], ["stats", "--watch"], ["stats", "--since", "2026-02-30"],
            ["stats", "--since", "2026-02-02", "--until", "2026-02-01"], ["insights", "--slow", "--errors"],
            ["insights", "--top", "0"], ["insights", "--until", "2026-13-01"],
            ["insights", "--since", "2026-02-02", "--until", "2026-02-01"], ["session", "show", "s", "--limit", "0"],
            ["stats", "--command", ""],
        ])
    func wrongUse(arguments: [String]) throws {
        let process = program.process(arguments)
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 64)
        #expect(try output.fileHandleForReading.readToEnd() ?? Data() == Data())
        #expect(try errors.fileHandleForReading.readToEnd()?.isEmpty == false)
    }

    @Test("Every report without data says so and succeeds")
    func noData() throws {
        #expect(try program.run("stats").output.contains("Nothing recorded in this window."))
        #expect(try program.run("stats", "--by", "hour").output.contains("Nothing recorded in this window."))
        #expect(try program.run("insights").output.contains("No finding."))
        #expect(try program.run("session", "list").output == "No sessions yet.\n")
        let missing = try program.run("session", "show", "missing")
        #expect(missing.status == 65 && missing.errors.contains("unknown session missing: it was not recorded"))
    }

    @Test("An empty report prints the next step")
    func nextSteps() throws {
        var program = program
        (program.environment["HOME"], program.environment["SHELL"]) = (program.folder.path, "/usr/bin/bash")
        let missing = "run 'nexus setup', which adds it to ~/.bashrc"
        for report in [["stats"], ["stats", "--by", "day"], ["insights"], ["runs"], ["compare", "7d"]] {
            let output = try program.run(report).output
            #expect(
                output.contains("The shell hook is not installed") && output.contains("nexus import-history"),
                "\(output)")
        }
        #expect(try program.run("stats", "--json").output.contains("hook") == false)
        #expect(try program.run("runs").output.replacing("\n  ", with: " ").contains(missing))
        try Data("# nexus init bash\n".utf8).write(to: URL(filePath: program.folder.path + "/.bashrc"))
        #expect(try program.run("stats").output.contains("is not installed"))
        try Data("x=1\neval \"$(nexus init bash)\"\n".utf8).write(to: URL(filePath: program.folder.path + "/.bashrc"))
        #expect(try program.run("stats").output.contains("The hook in ~/.bashrc records lines from the next shell on"))
        try record(#"{"command":"make","timestamp":"2026-06-01T10:00:00Z"}"#)
        #expect(try program.run("stats", "2026-05").output.contains("The latest event is from 2026-06-01"))
        #expect(try program.run("stats", "--command", "x").output.contains("check the filter"))
        #expect(try program.run("telemetry", "off").status == 0)
        let off = try program.run("stats", "2026-05").output.replacing("\n  ", with: " ")
        #expect(off.contains("'nexus telemetry on' switches it on"), "\(off)")
        #expect(try !program.run("stats").output.contains("Recording is off"))
    }

    @Test("A session's timeline shows its events in order")
    func timeline() throws {
        try record(
            #"{"command":"make all","timestamp":"2026-06-01T10:05:00Z","duration_ms":61000,"success":false,"error_category":"exit_2","session_id":"s1"}"#,
            #"{"event_type":"session_started","timestamp":"2026-06-01T10:00:00Z","session_id":"s1"}"#)
        let text = try program.run("session", "show", "s1").output
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.first == "  s1: 2026-06-01 10:00:00 (UTC), 6m 1s, 1 command, 0 tasks, 1 error", "\(text)")
        #expect(lines.suffix(2).first?.contains("10:00:00  session_started") == true, "\(text)")
        #expect(lines.last?.contains("10:05:00  make all") == true && lines.last?.contains("1m 1s  exit_2") == true)
        // An id as a list truncates it, and as a user types it.
        try record(
            #"{"command":"true","session_id":"another-one"}"#, #"{"command":"true","session_id":"another-two"}"#)
        #expect(try program.run("session", "show", "another-o…").output.hasPrefix("  another-one: "))
        #expect(try program.run("session", "show", "another-t").output.hasPrefix("  another-two: "))
        let several = try program.run("session", "show", "another-")
        #expect(
            several.status == 65
                && several.errors.contains("ambiguous session id another-: several sessions begin with it"))
        #expect(try program.run("session", "show", "").status == 64)
    }

    @Test("A report uses colour and width of the terminal, and no escape sequence without colour")
    func terminal() throws {
        try work()
        func screen(_ settings: String, columns: Int, _ report: String = "--by command") throws -> String {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/script")
            let command = "stty cols \(columns); \(settings) '\(Program.url.path)' stats \(report)"
            process.arguments = ["-qec", command, "/dev/null"]
            process.environment = program.environment.merging(["TERM": "xterm", "LANG": "C.UTF-8"]) { $1 }
            process.standardInput = FileHandle.nullDevice
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let data = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return String(decoding: data, as: UTF8.self)
        }
        #expect(try screen("", columns: 100).contains("\u{1B}["))
        #expect(try screen("", columns: 100).contains("SHARE OF TIME"))
        let narrow = try screen("NO_COLOR=1", columns: 50)
        #expect(!narrow.contains("\u{1B}") && !narrow.contains("SHARE OF TIME") && narrow.contains("COUNT"))
        let dumb = try screen("TERM=dumb", columns: 100)
        #expect(dumb.utf8.allSatisfy { $0 < 0x80 } && !dumb.contains("\u{1B}"))
        let watch = try screen("TERM=dumb", columns: 100, "--watch")
        #expect(watch.hasPrefix("nexus: cannot watch: --watch needs a terminal"), "\(watch)")
    }

    @Test("--watch draws on the alternate screen and restores the terminal", arguments: ["INT", "TERM", "q"])
    func watch(signal: String) throws {
        try work()
        let pidFile = program.folder.path + "/pid"
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/script")
        let command =
            "stty rows 24 cols 80; b=$(stty -g); sh -c 'echo $$ >\(pidFile); exec \"\(Program.url.path)\" stats --watch'; s=$?; "
            + "[ \"$b\" = \"$(stty -g)\" ] && echo settings same; echo status $s"
        process.arguments = ["-qec", command, "/dev/null"]
        process.environment = program.environment.merging(["TERM": "xterm", "LANG": "C.UTF-8"]) { $1 }
        // As Program has it: no signal is blocked in what is started.
        _ = program.process([])
        let keyboard = Pipe()
        process.standardInput = keyboard
        let path = program.folder.path + "/screen"
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: path)
        try process.run()
        func screen() -> String {
            String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        }
        try waitUntil("the first drawing") { screen().contains("make all") }
        try record(#"{"command":"later command","session_id":"s3"}"#)
        try waitUntil("a drawing with what came later") { screen().contains("later command") }
        let pid = try String(contentsOfFile: pidFile, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        func send(_ signal: String) throws {
            let kill = Process()
            kill.executableURL = URL(filePath: "/bin/kill")
            kill.arguments = ["-\(signal)", pid]
            try kill.run()
            kill.waitUntilExit()
        }
        // Ctrl-Z: the shell finds its terminal as it was, and `fg` the second screen.
        let (enter, leave) = ("\u{1B}[?1049h", "\u{1B}[?1049l")
        #expect(!screen().contains(leave))
        try send("TSTP")
        try waitUntil("the first screen") { screen().contains(leave) }
        try send("CONT")
        try waitUntil("the second screen") { screen().ranges(of: enter).count == 2 }
        if signal == "q" {
            // A key that scrolls, and the one that ends.
            try keyboard.fileHandleForWriting.write(contentsOf: Data("jq".utf8))
        } else {
            try send(signal)
        }
        try waitUntil("the end") { !process.isRunning }
        let all = screen()
        #expect(all.hasPrefix("\u{1B}[?1049h\u{1B}[?25l"))
        #expect(all.contains("\u{1B}[?25h\u{1B}[?1049l") && all.contains("  q: quit"))
        #expect(all.contains("settings same"), "\(all.suffix(200))")
        // The first drawing fills the screen of 80 columns and 24 lines.
        let drawings = all.components(separatedBy: "\u{1B}[H")
        let frame = (drawings.count > 1 ? drawings[1] : "").components(separatedBy: "\u{1B}[J")[0]
        let lines = frame.components(separatedBy: "\r\n").map {
            $0.replacing(/\u{1B}\[[0-9;?]*[A-Za-z]/, with: "")
        }
        #expect(lines.count == 24 && lines.allSatisfy { $0.displayWidth <= 80 }, "\(lines)")
        #expect(lines.last?.contains("q: quit") == true, "\(lines)")
        #expect(all.hasSuffix("status 0\r\n"), "\(all.suffix(40))")
    }

    @Test(
        "An unknown time zone is an error, instead of days of another zone",
        arguments: ["Europe/Atlantis", ":Mars/Phobos", "Nowhere", "\u{1B}[2J", "Europe", "/etc/passwd"])
    func unknownZone(zone: String) throws {
        var program = program
        program.environment["TZ"] = zone
        let commands = [
            ["stats"], ["report", "-o", program.folder.path + "/report.html"], ["insights"], ["runs"],
            ["compare", "7d"],
            ["session", "list"], ["telemetry", "purge", "--before", "2026-01-02", "--dry-run"],
        ]
        for command in commands {
            let outcome = try program.run(command)
            #expect(outcome.status == 78 && outcome.errors.contains("unknown time zone"), "\(outcome.errors)")
            #expect(!outcome.errors.contains("\u{1B}"))
        }
    }

    @Test(
        "Zones by name, by file and by rule are known",
        arguments: ["UTC", ":Europe/Berlin", "CET-1CEST", "<+0530>-5:30", ""])
    func knownZone(zone: String) throws {
        var program = program
        program.environment["TZ"] = zone
        #expect(try program.run("stats").status == 0)
    }

    @Test("Half-hour zones have their own days and hours")
    func halfHourZone() throws {
        var program = program
        program.environment["TZ"] = "Asia/Kolkata"
        // 18:29 UTC is 23:59 in Kolkata, 18:31 is the next day.
        try record(
            #"{"command":"a","timestamp":"2026-06-01T18:29:00Z"}"#,
            #"{"command":"a","timestamp":"2026-06-01T18:31:00Z"}"#)
        let days = try program.run("stats", "--by", "day", "--csv").output
        #expect(days.contains("2026-06-01,1,") && days.contains("2026-06-02,1,"))
        let hours = try program.run("stats", "--by", "hour", "--csv").output
        #expect(hours.contains("00:00,1,") && hours.contains("23:00,1,") && hours.contains("18:00,0,"))
        #expect(try program.run("stats").output.contains("(Asia/Kolkata)"))
    }
}
