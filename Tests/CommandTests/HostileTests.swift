import Foundation
import Platform
import TestSupport
import Testing

/// Values that are none of Nexus's business, in every text field, by every way in: none of them reaches the disk.
struct HostileTests {
    private static let fields = [
        "workspace", "task", "command", "event_type", "error_category", "template_used", "session_id", "workspace_hash",
        "task_hash", "timestamp", "duration_ms",
    ]
    private static let flags = [
        "--workspace", "--task", "--command", "--type", "--error-category", "--template", "--session",
    ]

    /// Lines with each value in each field, as an unknown key, and as the value of one.
    private static let lines: [String] = HostileValue.all.flatMap { value -> [String] in
        let text = quoted(value.text)
        return fields.map { field in
            field == "command" ? "{\"command\":\(text)}" : "{\"command\":\"make\",\"\(field)\":\(text)}"
        } + ["{\"command\":\"make\",\(text):1}", "{\"command\":\"make\",\"password\":[{\"a\":\(text)}]}", value.text]
    }

    private static func quoted(_ text: String) -> String {
        let data = try? JSONEncoder().encode(text)
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    /// Which values can be found in some bytes.
    private static func found(in bytes: [UInt8]) -> [String] {
        let data = Data(bytes)
        return Set(HostileValue.all.map(\.secret)).filter { data.range(of: Data($0.utf8)) != nil }.sorted()
    }

    /// Which values stand in the data folder, in a snapshot of every format, and in what a sync has sent.
    private static func foundAnywhere(_ program: Program) throws -> [String] {
        var bytes = try dataBytes(program)
        for format in ["sqlite", "ndjson", "csv"] {
            let path = program.folder.path + "/snapshot.\(format)"
            #expect(try program.run("export", "--format", format, "-o", path + ".lz4").status == 0)
            bytes += try unpacked(path + ".lz4", to: path)
        }
        let target = program.folder.path + "/sent"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        #expect(try program.run("sync", "--to", "file://" + target).status == 0)
        for name in try FileManager.default.subpathsOfDirectory(atPath: target) where name.hasSuffix(".lz4") {
            bytes += try unpacked(target + "/" + name, to: program.folder.path + "/unpacked")
        }
        return found(in: bytes)
    }

    private static func unpacked(_ path: String, to target: String) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/lz4")
        process.arguments = ["-dqf", path, target]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return [UInt8](try Data(contentsOf: URL(filePath: target)))
    }

    private static func dataBytes(_ program: Program) throws -> [UInt8] {
        let root = program.folder.data.folder.path
        var bytes: [UInt8] = []
        for name in try FileManager.default.subpathsOfDirectory(atPath: root) {
            let path = root + "/" + name
            let type = try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
            guard type == .typeRegular else { continue }
            bytes += [UInt8](try Data(contentsOf: URL(filePath: path)))
            bytes += Array(name.utf8)
        }
        return bytes
    }

    private static func run(_ program: Program, _ name: String, _ arguments: [String]) throws {
        let process = program.process(arguments)
        process.executableURL = Program.url.deletingLastPathComponent().appending(path: name)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
    }

    @Test("There are at least 200 of them, of 25 providers and more")
    func enough() {
        #expect(HostileValue.all.count >= 200)
        #expect(Set(HostileValue.all.map(\.text)).count == HostileValue.all.count)
    }

    @Test("By flags and by exec none of them reaches the disk, a snapshot or a sync")
    func flagsAndExec() throws {
        let program = try Program()
        for (index, value) in HostileValue.all.enumerated() where value.canBeArgument {
            for flag in Self.flags {
                let rest = flag == "--command" ? [] : ["--command", "make"]
                try Self.run(program, "nexus-record", [flag + "=" + value.text] + rest)
            }
            // The long way has a parser of its own; each value takes it with one of the flags.
            let flag = Self.flags[index % Self.flags.count]
            try Self.run(program, "nexus", ["record", flag + "=" + value.text, "--success"])
            try Self.run(
                program, "nexus", ["exec", "--workspace", value.text, "--task", value.text, "--", "true", value.text])
            if index % 4 == 0 { try Self.run(program, "nexus", ["exec", "--", "/nowhere/" + value.text]) }
        }
        let inBuffer = try Self.found(in: Self.dataBytes(program))
        #expect(inBuffer == [])
        let found = try Self.foundAnywhere(program)
        #expect(found == [])
        #expect(try program.query("SELECT count(*) > 400 FROM events") == "1")
    }

    @Test("By stream, socket and pipe none of them reaches the disk, straight after a kill -9 either")
    func streamSocketPipe() throws {
        signal(SIGPIPE, SIG_IGN)
        let program = try Program()
        let service = try RunningService(program)
        let client = try service.client()
        // In pieces, as a client that reads no answers is not read from.
        var sent = 0
        for start in stride(from: 0, to: Self.lines.count, by: 200) {
            let piece = Self.lines[start..<min(start + 200, Self.lines.count)].map { $0 + "\n" }.joined()
            // A line that is blank is none, and a value with a line feed is two.
            sent += piece.split(separator: "\n").count { !$0.allSatisfy(\.isWhitespace) }
            try client.send(piece)
            _ = try client.receiveLine()
            for line in piece.split(separator: "\n") where line.utf8.count < 4096 {
                #expect(NamedPipe.offer(line + "\n", to: service.runtime.pipePath))
                usleep(50)
            }
        }
        let stream = program.process(["record", "--stdin", "--ack"])
        let (input, output) = (Pipe(), Pipe())
        stream.standardInput = input
        stream.standardOutput = output
        stream.standardError = FileHandle.nullDevice
        try stream.run()
        try input.fileHandleForWriting.write(contentsOf: Data(Self.lines.map { $0 + "\n" }.joined().utf8))
        _ = output.fileHandleForReading.availableData
        usleep(100_000)
        kill(stream.processIdentifier, SIGKILL)
        service.kill()
        stream.waitUntilExit()
        let straightAfter = try Self.found(in: Self.dataBytes(program))
        #expect(straightAfter == [])
        let found = try Self.foundAnywhere(program)
        #expect(found == [])
        #expect(try program.query("SELECT count(*) > 1000 FROM events") == "1")
    }

    @Test("By the shell's hook none of them reaches the disk", arguments: InteractiveShell.Kind.allCases)
    func hook(kind: InteractiveShell.Kind) throws {
        let program = try Program()
        let service = try RunningService(program)
        let shell = try InteractiveShell(kind, program)
        // Every fifth, another one for each shell: typing takes its time.
        let offset = InteractiveShell.Kind.allCases.firstIndex(of: kind) ?? 0
        let values = HostileValue.all.filter(\.canBeTyped).enumerated().filter { $0.offset % 5 == offset }.map(
            \.element)
        #expect(values.count > 30)
        for value in values { try shell.type("true '\(value.text)'") }
        for value in values.prefix(10) { try shell.type("'\(value.text)' now") }
        try shell.leave()
        service.kill()
        let found = try Self.found(in: Self.dataBytes(program))
        #expect(found == [])
        #expect(try program.run("flush").status == 0)
        #expect(try Int(program.query("SELECT count(*) FROM events")) ?? 0 > 0)
    }

    @Test("By a Swift program none of them reaches the disk, straight after a kill -9 either")
    func swift() throws {
        let program = try Program()
        let values = program.folder.path + "/values"
        try JSONEncoder().encode(HostileValue.all.map(\.text)).write(to: URL(filePath: values))
        let probe = program.process([program.folder.data.folder.path, "1", values])
        probe.executableURL = Program.url.deletingLastPathComponent().appending(path: "TelemetryProbe")
        let output = Pipe()
        probe.standardOutput = output
        try probe.run()
        #expect(output.fileHandleForReading.availableData == Data("flushed\n".utf8))
        kill(probe.processIdentifier, SIGKILL)
        probe.waitUntilExit()
        let found = try Self.found(in: Self.dataBytes(program))
        #expect(found == [])
        #expect(try program.run("flush").status == 0)
        #expect(try Int(program.query("SELECT count(*) FROM events")) ?? 0 > 100)
    }
}
