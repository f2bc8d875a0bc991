import Foundation
import Platform
import TestSupport
import Testing

/// What the system saw: with recording off nothing is opened for writing, and nothing but `sync` has a network socket.
struct TraceTests {
    /// Everything that records, with a name for messages.
    private static let recorders: [(program: String, arguments: [String], input: String)] = [
        ("nexus-record", ["--command", "make"], ""),
        ("nexus", ["record", "--command", "make"], ""),
        ("nexus", ["record", "--stdin"], "{\"command\":\"make\"}\n"),
        ("nexus", ["exec", "--", "true"], ""),
        ("nexus", ["session", "start"], ""),
        ("nexus", ["serve"], ""),
        ("nexus", ["flush"], ""),
        ("nexus", ["telemetry", "status"], ""),
        ("nexus", ["telemetry", "explain", "{\"command\":\"make\"}"], ""),
        ("nexus", ["stats"], ""),
    ]

    enum Switch: CaseIterable {
        case setting, variable, doNotTrack, marker
    }

    @Test("With recording off, however, no file of the data folder is opened for writing", arguments: Switch.allCases)
    func off(how: Switch) throws {
        for hasData in [false, true] {
            var program = try Program()
            if hasData {
                #expect(try program.run("record", "--command", "before").status == 0)
                #expect(try program.run("flush").status == 0)
            }
            let work = program.folder.path + "/work"
            try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
            switch how {
            case .setting: #expect(try program.run("telemetry", "off").status == 0)
            case .variable: program.environment["NEXUS_TELEMETRY"] = "off"
            case .doNotTrack: program.environment["DO_NOT_TRACK"] = "1"
            case .marker: try Data().write(to: URL(filePath: work + "/.nexus-telemetry-off"))
            }
            for recorder in Self.recorders {
                let calls = try SystemCalls(
                    of: recorder.program, recorder.arguments, program, input: recorder.input, in: work)
                #expect(calls.writes == [], "\(recorder.program) \(recorder.arguments)")
                #expect(calls.networkSockets == [], "\(recorder.program) \(recorder.arguments)")
            }
            if !hasData, how != .setting {
                #expect(!FileManager.default.fileExists(atPath: program.folder.data.folder.path))
            }
        }
    }

    @Test("With recording on no command but sync makes a network socket")
    func on() throws {
        let program = try Program()
        let snapshot = program.folder.path + "/mine.db.lz4"
        let more: [(program: String, arguments: [String], input: String)] = [
            ("nexus", ["init", "bash"], ""), ("nexus", ["session", "list"], ""),
            ("nexus", ["export", "-o", snapshot], ""), ("nexus", ["telemetry", "retain", "90d"], ""),
            ("nexus", ["telemetry", "purge", "--yes", "--command", "make"], ""),
            ("nexus", ["telemetry", "rekey", "--yes"], ""), ("nexus", ["telemetry", "off"], ""),
            ("nexus", ["telemetry", "on"], ""),
        ]
        for recorder in Self.recorders.filter({ $0.arguments != ["serve"] }) + more {
            let calls = try SystemCalls(of: recorder.program, recorder.arguments, program, input: recorder.input)
            #expect(calls.networkSockets == [], "\(recorder.program) \(recorder.arguments)")
        }
        let calls = try SystemCalls(of: "nexus", ["serve"], program) { process in
            let runtime = RuntimeFolder(for: program.folder.data, environment: { program.environment[$0] })
            let isUp = RunningService.poll { (try? UnixClient(runtime.socketPath)) != nil }
            #expect(isUp)
            let client = try UnixClient(runtime.socketPath)
            #expect(try client.exchange([#"{"command":"make"}"#], total: 1).accepted == 1)
            let number = try String(contentsOfFile: runtime.processPath, encoding: .utf8)
            kill(try #require(Int32(number.trimmingCharacters(in: .newlines))), SIGTERM)
        }
        #expect(calls.networkSockets == [])
        #expect(!calls.writes.isEmpty)
    }
}
