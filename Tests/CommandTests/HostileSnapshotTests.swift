import Core
import Crypto
import Foundation
import SystemSupport
import TestSupport
import Testing

/// Files that are no sound snapshots, given to the real program: a sentence, 65, nothing taken in, and little memory.
struct HostileSnapshotTests {
    /// Peak memory that no file may exceed, in KiB.
    private static let mostMemory = 64 * 1024 * Program.memoryFactor

    private let program: Program
    private let sound: String

    init() throws {
        program = try Program()
        let lines = (0..<3000).map { #"{"command":"make all","duration_ms":\#($0),"success":true}"# }
        let other = try Program()
        try other.run("record", "--stdin", input: lines.joined(separator: "\n"))
        sound = program.folder.path + "/sound"
        #expect(try other.run("export", "-o", sound).status == 0)
        try program.run("record", "--command", "mine")
        try program.run("flush")
    }

    private func path(_ name: String) -> String { program.folder.path + "/" + name }

    private func bytes() throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: sound))) }

    /// What the sound one says of itself.
    private func manifest() throws -> [String: Any] {
        let text = try program.run("verify", sound, "--json").output
        return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// Expects that the file is refused by each command that reads snapshots.
    private func expectRefused(_ bytes: [UInt8], _ sentence: String, sourceLocation: SourceLocation = #_sourceLocation)
        throws
    {
        let file = path("hostile")
        try Data(bytes).write(to: URL(filePath: file))
        for command in [["verify", file], ["import", file], ["stats", "--from", file]] {
            let process = program.process(["-f", "%M", "-o", path("memory"), Program.url.path] + command)
            process.executableURL = URL(filePath: "/usr/bin/time")
            let errors = Pipe()
            process.standardError = errors
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 65, "\(command[0]): \(text)", sourceLocation: sourceLocation)
            #expect(text.hasPrefix("nexus: ") && text.contains(sentence), "\(text)", sourceLocation: sourceLocation)
            #expect(text.split(separator: "\n").count == 1, "\(text)", sourceLocation: sourceLocation)
            // The last line: the first says that the command failed.
            let memory = try String(contentsOfFile: path("memory"), encoding: .utf8).split(separator: "\n").last
            let peak = try #require(memory.flatMap { Int($0) })
            #expect(peak < Self.mostMemory, "\(command[0]) took \(peak) KiB", sourceLocation: sourceLocation)
        }
        #expect(try program.query("SELECT count(*) FROM events") == "1", sourceLocation: sourceLocation)
    }

    @Test("A truncated snapshot, a flipped bit, and another kind of file are refused")
    func damaged() throws {
        let whole = try bytes()
        try expectRefused(Array(whole.prefix(whole.count / 2)), "the file is truncated")
        try expectRefused(Array(whole.dropLast()), "the file is truncated")
        for place in [whole.count / 3, whole.count - 40] {
            var flipped = whole
            flipped[place] ^= 0x10
            try expectRefused(flipped, "is damaged")
        }
        try expectRefused(Array("a text that is long enough to be looked into".utf8), "is not a Nexus snapshot")
        let database = try Data(contentsOf: URL(filePath: program.folder.data.databasePath))
        try expectRefused([UInt8](database), "is not a Nexus snapshot")
    }

    @Test("A snapshot of a newer version is refused")
    func newer() throws {
        var manifest = try manifest()
        manifest["format_version"] = 2
        let whole = try bytes()
        let trailer = try #require(whole.lastRange(of: [0x5E, 0x2A, 0x4D, 0x18]))
        let json = [UInt8](try JSONSerialization.data(withJSONObject: manifest))
        try expectRefused(
            Array(whole[..<trailer.lowerBound]) + SnapshotTrailer.around(manifest: json), "a newer Nexus wrote it"
        )
    }

    @Test("Decompression bombs are refused in bounded memory")
    func bombs() throws {
        // 300 MB are refused for their length; 60 MB are unpacked, and are no database.
        for (megabytes, said, sentence) in [
            (300, 300, "it would unpack to more than"), (60, 60, "its database cannot be read"),
            (300, 1, "lengths of manifest and frame differ"),
        ] {
            let content = Data(count: megabytes * 1_000_000)
            try content.write(to: URL(filePath: path("zeros")))
            let pack = Process()
            pack.executableURL = URL(filePath: "/usr/bin/lz4")
            pack.arguments = ["-1", "-q", "-f", "--content-size", path("zeros"), path("packed")]
            try pack.run()
            pack.waitUntilExit()
            var manifest = try manifest()
            manifest["bytes"] = said * 1_000_000
            manifest["sha256"] = SHA256.hash(data: content).map { String(format: "%02x", $0) }.joined()
            let json = [UInt8](try JSONSerialization.data(withJSONObject: manifest))
            let packed = [UInt8](try Data(contentsOf: URL(filePath: path("packed"))))
            #expect(packed.count * 200 < content.count)
            try expectRefused(packed + SnapshotTrailer.around(manifest: json), sentence)
        }
    }
}

extension [UInt8] {
    /// Where the bytes stand last.
    fileprivate func lastRange(of bytes: [UInt8]) -> Range<Int>? {
        guard count >= bytes.count else { return nil }
        for start in stride(from: count - bytes.count, through: 0, by: -1)
        where self[start..<start + bytes.count].elementsEqual(bytes) { return start..<start + bytes.count }
        return nil
    }
}
