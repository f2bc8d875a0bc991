import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// Finds hostile values in bytes: as they are, and as JSON, CSV, URLs or UTF-16 would write them.
struct LeakSearch {
    private struct Pattern {
        let bytes: [UInt8]
        let value: String
    }

    static let ofAllValues = LeakSearch(HostileValue.all.map(\.secret) + HostileValue.tokenBodies)

    /// Patterns by their first two bytes.
    private var byStart: [Int: [Pattern]] = [:]
    private var beginsSome = [Bool](repeating: false, count: 1 << 16)

    init(_ secrets: [String]) {
        for secret in Set(secrets) {
            for bytes in Self.forms(of: secret) {
                let start = Int(bytes[0]) << 8 | Int(bytes[1])
                byStart[start, default: []].append(Pattern(bytes: bytes, value: secret))
                beginsSome[start] = true
            }
        }
    }

    /// The values that stand in `bytes`, in order.
    func values(in bytes: [UInt8]) -> [String] {
        var found: Set<String> = []
        for index in bytes.indices.dropLast() {
            let start = Int(bytes[index]) << 8 | Int(bytes[index + 1])
            guard beginsSome[start], let patterns = byStart[start] else { continue }
            for pattern in patterns where bytes[index...].starts(with: pattern.bytes) { found.insert(pattern.value) }
        }
        return found.sorted()
    }

    /// How a text may be written. A form that is short could stand in random bytes by chance.
    static func forms(of secret: String) -> Set<[UInt8]> {
        var forms = [Array(secret.utf8), Array(secret.replacing("\"", with: "\"\"").utf8)]
        for options in [JSONEncoder.OutputFormatting(), .withoutEscapingSlashes] {
            let encoder = JSONEncoder()
            encoder.outputFormatting = options
            if let text = try? encoder.encode(secret) { forms.append(Array(text.dropFirst().dropLast())) }
        }
        forms.append(Array(asciiJSON(secret).utf8))
        if let text = secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics) {
            forms.append(Array(text.utf8))
        }
        forms.append(secret.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] })
        return Set(forms.filter { $0.count >= shortest })
    }

    /// Bytes that do not stand somewhere by chance.
    static let shortest = 6

    /// JSON as writers of plain ASCII have it.
    private static func asciiJSON(_ text: String) -> String {
        text.utf16.map { unit in
            guard unit < 0x20 || unit > 0x7E || unit == 0x22 || unit == 0x5C else {
                return String(UnicodeScalar(UInt8(unit)))
            }
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }
}

/// Everything that leaves or stays: where none of the hostile values may stand.
struct WhereItCouldLeak {
    let program: Program

    /// What stands in the data folder, names of files and all.
    func valuesInDataFolder() throws -> [String] {
        LeakSearch.ofAllValues.values(in: try Self.bytes(below: program.folder.data.folder.path))
    }

    /// What stands in the data folder once all is stored, in a snapshot of each format, and in what a sync has sent.
    func valuesAnywhere() throws -> [String] {
        var bytes: [UInt8] = []
        for format in ["sqlite", "ndjson", "csv"] {
            let path = program.folder.path + "/snapshot.\(format)"
            #expect(try program.run("export", "--format", format, "-o", path + ".lz4").status == 0)
            bytes += try unpacked(path + ".lz4")
        }
        let target = program.folder.path + "/sent"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        #expect(try program.run("sync", "--to", "file://" + target).status == 0)
        let sent = try FileManager.default.subpathsOfDirectory(atPath: target).filter { $0.hasSuffix(".lz4") }
        #expect(!sent.isEmpty)
        for name in sent { bytes += try unpacked(target + "/" + name) }
        return LeakSearch.ofAllValues.values(in: bytes + (try Self.bytes(below: program.folder.data.folder.path)))
    }

    /// What a packed file holds, packed and unpacked.
    private func unpacked(_ path: String) throws -> [UInt8] {
        let target = program.folder.path + "/unpacked"
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/lz4")
        process.arguments = ["-dqf", path, target]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try [path, target].flatMap { [UInt8](try Data(contentsOf: URL(filePath: $0))) }
    }

    private static func bytes(below root: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for name in try FileManager.default.subpathsOfDirectory(atPath: root) {
            bytes += Array(name.utf8)
            let path = root + "/" + name
            let type = try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
            guard type == .typeRegular else { continue }
            bytes += [UInt8](try Data(contentsOf: URL(filePath: path)))
        }
        return bytes
    }
}
