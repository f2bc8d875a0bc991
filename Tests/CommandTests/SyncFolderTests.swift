import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// `nexus sync` to a folder.
@Suite(.timeLimit(.minutes(5)))
struct SyncFolderTests {
    private let program: Program
    private var folder: String { program.folder.path + "/stick" }

    init() throws {
        program = try Program()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func record(_ range: Range<Int>) throws {
        let lines = range.map { #"{"command":"make all","duration_ms":\#($0),"success":true}"# }
        #expect(try program.run("record", "--stdin", input: lines.joined(separator: "\n")).status == 0)
    }

    /// The durations in all files of the folder, as the lz4 and sqlite3 of the system read them.
    private func arrived() throws -> [Int] {
        var numbers: [Int] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
            let process = Process()
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = [
                "-c", "lz4 -dfq \"$0\" \"$1\" && sqlite3 \"$1\" 'SELECT duration_ms FROM events ORDER BY id'",
                folder + "/" + name, program.folder.path + "/unpacked",
            ]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\(name)")
            numbers += text.split(separator: "\n").compactMap { Int($0) }
        }
        return numbers
    }

    @Test("Each run leaves one file with what is new, named by installation and range")
    func incremental() throws {
        for start in [0, 50, 100] {
            try record(start..<start + 50)
            let outcome = try program.run("sync", "--to", "file://\(folder)")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try program.run("sync", "--to", "file://\(folder)").output.contains("Nothing new"))
        }
        let installation = try program.query("SELECT id FROM installation")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(
            names
                == ["1-50", "101-150", "51-100"].map { "nexus-\(installation)-\($0).db.lz4" })
        #expect(try arrived().sorted() == Array(0..<150))
        #expect(try !program.folder.data.folder.names().contains { $0.contains("lz4") || $0.contains("scratch") })
    }

    @Test(
        "'status' reports a damaged ledger instead of no transfers",
        arguments: [
            "rm ledger.ndjson", "sed -i 1d ledger.ndjson", ": >ledger.ndjson",
        ])
    func damagedLedger(damage: String) throws {
        try record(0..<5)
        try program.run("sync", "--to", "file://\(folder)")
        #expect(try program.run("telemetry", "status").output.contains("Sent:       5 rows"))
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "cd \"$0\" && \(damage)", program.folder.data.folder.path]
        try process.run()
        process.waitUntilExit()
        let status = try program.run("telemetry", "status").output
        #expect(status.contains("SENT:       unknown"), "\(status)")
        #expect(!status.contains("Sent:       never"))
        #expect(try program.run("telemetry", "status", "--json").output.contains("sent_problem"))
    }

    @Test("An existing file counts as sent when its bytes are equal, and stays unchanged otherwise")
    func alreadyThere() throws {
        try record(0..<50)
        #expect(try program.run("sync", "--to", "file://\(folder)").status == 0)
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
        let path = folder + "/" + name
        #expect(try program.run("sync", "--again", "--to", "file://\(folder)").status == 0)
        var bytes = try #require(FileManager.default.contents(atPath: path))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(filePath: path))
        let outcome = try program.run("sync", "--again", "--to", "file://\(folder)")
        #expect(outcome.status == 74)
        #expect(outcome.errors.contains("another file has this name"))
        let isUntouched = FileManager.default.contents(atPath: path) == bytes
        #expect(isUntouched)
    }

    @Test("A missing folder is not created, as the stick may not be plugged in")
    func missing() throws {
        try record(0..<5)
        let outcome = try program.run("sync", "--to", "file://\(folder)/not/there")
        #expect(outcome.status == 69)
        #expect(outcome.errors.contains("is it mounted?"))
        #expect(!FileManager.default.fileExists(atPath: folder + "/not"))
    }

    @Test("Runs killed at 40 instants send every event once in the end, and nothing else")
    func killed() throws {
        var random = SeededGenerator(seed: 6)
        var recorded = 0
        var killedOnes = 0
        for _ in 0..<40 {
            try record(recorded..<recorded + 20)
            recorded += 20
            let process = program.process(["sync", "--to", "file://\(folder)"])
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            usleep(UInt32.random(in: 5000...120_000, using: &random))
            if process.isRunning { killedOnes += 1 }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        let outcome = try program.run("sync", "--to", "file://\(folder)")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(killedOnes > 0)
        #expect(try arrived().sorted() == Array(0..<recorded))
        let log = try program.run("sync", "log")
        #expect(log.status == 0, "\(log.errors)")
        #expect(try !program.folder.data.folder.names().contains { $0.contains("lz4") || $0.contains("scratch") })
    }

    @Test(
        "A full destination gets nothing, and everything once there is space",
        .enabled(if: geteuid() == 0, "it takes root to make a small file system"))
    func full() throws {
        try record(0..<20_000)
        let script = """
            mount -t tmpfs -o size=64k none "$1" && "$0" sync --to "file://$1"; first=$?; ls -A "$1" | wc -l
            mount -o remount,size=16m "$1" && "$0" sync --to "file://$1" >/dev/null; echo $first $?; cp "$1"/* "$2"
            """
        let process = program.process([])
        process.executableURL = URL(filePath: "/usr/bin/unshare")
        let there = program.folder.path + "/there"
        try FileManager.default.createDirectory(atPath: there, withIntermediateDirectories: true)
        process.arguments = ["-m", "/bin/bash", "-c", script, Program.url.path, folder, there]
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        let said = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(text.split(separator: "\n") == ["0", "74 0"], "\(said)")
        #expect(said.contains("no space left"))
        for name in try FileManager.default.contentsOfDirectory(atPath: there) {
            try FileManager.default.moveItem(atPath: there + "/" + name, toPath: folder + "/" + name)
        }
        #expect(try arrived().sorted() == Array(0..<20_000))
    }
}
