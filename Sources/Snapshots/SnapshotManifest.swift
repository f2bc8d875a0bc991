package import Core
package import Crypto
import Database
import Foundation
import SystemSupport

/// The format of a snapshot's content.
package enum SnapshotFormat: String, CaseIterable, Decodable, Sendable {
    /// A SQLite database with `events` and `sessions`.
    case sqlite
    /// The events as JSON objects that `nexus record` accepts, one object on each line.
    case ndjson
    /// The events in the form of RFC 4180, with the columns' names first.
    case csv

    /// Returns the file extension for this format. The extension of compressed files ends with `.lz4`.
    package func fileExtension(isPlain: Bool) -> String {
        (self == .sqlite ? "db" : rawValue) + (isPlain ? "" : ".lz4")
    }

    /// Returns the format that a file name selects, and whether the file is plain; nil for an unknown file extension.
    package static func named(by path: String) -> (format: SnapshotFormat, isPlain: Bool)? {
        let name = path.lowercased()
        let isPlain = !name.hasSuffix(".lz4")
        let stem = isPlain ? name[...] : name.dropLast(4)
        let endings: [(ending: String, format: SnapshotFormat)] = [
            (".db", .sqlite), (".sqlite", .sqlite), (".sqlite3", .sqlite), (".ndjson", .ndjson), (".jsonl", .ndjson),
            (".csv", .csv),
        ]
        return endings.first { stem.hasSuffix($0.ending) }.map { ($0.format, isPlain) }
    }
}

/// The metadata of a snapshot.
///
/// A snapshot is a file of two LZ4 frames. Numbers are little-endian. In the table, `f` is the length of the first
/// frame and `n` is the length of the manifest, in bytes.
///
///     offset  size  what
///          0     f  the content, as an LZ4 frame with content size and content checksum
///          f     4  0x184D2A5E, the start of a frame that LZ4 tools skip
///        f+4     4  n + 16, the number of bytes that follow
///        f+8     n  the manifest: a JSON object in UTF-8, keys as below
///      f+8+n     4  n
///     f+12+n     4  CRC-32C of the manifest
///     f+16+n     8  "NEXUSNAP"
///
/// `lz4 -dc FILE | sha256sum` prints the value of `sha256`. Snapshots of the same rows in the same database pages have
/// the same bytes, because a snapshot contains no creation time. In the format `sqlite` the content also has a table
/// `manifest` (see `SnapshotDatabase`).
package struct SnapshotManifest: Decodable, Equatable, Sendable {
    /// The layout version that this program writes. It is also the latest layout version that this program reads.
    package static let currentVersion = 1

    /// The version of the layout of this snapshot.
    package var formatVersion = SnapshotManifest.currentVersion
    package var content: SnapshotFormat
    /// The id of the installation whose database was exported. Empty for a plain text, which does not contain the id.
    package var installation: String
    /// The version of the tables in the snapshot (see `SnapshotDatabase.schemaVersion`).
    package var schemaVersion: Int
    /// The number of rows in `events`.
    package var events: Int
    /// The number of rows in `sessions`; 0 for a text.
    package var sessions: Int
    /// The lowest id of a row; nil if there are no rows, or for a plain text.
    package var firstID: Int64?
    /// The highest id of a row; nil if there are no rows, or for a plain text.
    package var lastID: Int64?
    /// The time of the earliest event, RFC 3339; nil if there are no rows, or for a plain CSV text.
    package var from: String?
    /// The time of the latest event, RFC 3339; nil if there are no rows, or for a plain CSV text.
    package var until: String?
    /// The length of the content, in bytes.
    package var bytes: Int
    /// SHA-256 of the content, 64 hexadecimal digits in lower case.
    package var sha256: String

    enum CodingKeys: String, CodingKey {
        case formatVersion = "format_version"
        case content, installation
        case schemaVersion = "schema_version"
        case events, sessions
        case firstID = "first_id"
        case lastID = "last_id"
        case from, until, bytes, sha256
    }

    /// The number of bytes after the content's frame, without the bytes of the manifest.
    static let trailerOverhead = 8 + footerBytes
    static let footerBytes = 16
    private static let skippableMagic: UInt32 = 0x184D_2A5E
    private static let footer = Array("NEXUSNAP".utf8)

    /// The manifest as a JSON object, with its keys in alphabetical order.
    package var json: JSONValue {
        let value: JSONValue = [
            "bytes": .integer(bytes), "content": .string(content.rawValue), "events": .integer(events),
            "first_id": .integer(firstID), "format_version": .integer(formatVersion), "from": .string(from),
            "installation": .string(installation.isEmpty ? nil : installation), "last_id": .integer(lastID),
            "schema_version": .integer(schemaVersion), "sessions": .integer(sessions), "sha256": .string(sha256),
            "until": .string(until),
        ]
        return value.withoutNulls
    }

    /// Returns the skippable frame with the manifest.
    func trailer() -> [UInt8] {
        let json = Array(json.text(.line).utf8)
        var trailer: [UInt8] = []
        trailer.append(littleEndian: Self.skippableMagic)
        trailer.append(littleEndian: UInt32(json.count + Self.footerBytes))
        trailer += json
        trailer.append(littleEndian: UInt32(json.count))
        trailer.append(littleEndian: CRC32C.checksum(json.span))
        trailer += Self.footer
        return trailer
    }

    /// Returns the length of the manifest from the file's footer, its last 16 bytes; nil when these bytes are not a
    /// footer.
    static func length(footer bytes: Span<UInt8>) -> Int? {
        guard bytes.count == footerBytes, bytes.extracting(8..<16).equals(footer.span) else { return nil }
        let length = Int(bytes.uint32(at: 0))
        return length <= Limits.manifestBytes ? length : nil
    }

    /// Reads the manifest from a skippable frame.
    static func read(trailer: [UInt8], path: String) throws(SnapshotError) -> SnapshotManifest {
        let length = trailer.count - trailerOverhead
        guard length > 0, trailer.span.uint32(at: 0) == skippableMagic,
            Int(trailer.span.uint32(at: 4)) == length + footerBytes
        else { throw .damaged(path: path, what: "the manifest is not at its offset") }
        guard CRC32C.checksum(trailer.span.extracting(8..<8 + length)) == trailer.span.uint32(at: 12 + length) else {
            throw .damaged(path: path, what: "the manifest was altered")
        }
        let json = Data(trailer[8..<8 + length])
        guard let version = try? JSONDecoder().decode(Version.self, from: json).formatVersion, version > 0 else {
            throw .damaged(path: path, what: "the manifest cannot be read")
        }
        guard version <= currentVersion else { throw .newerVersion(path: path) }
        guard let manifest = try? JSONDecoder().decode(Self.self, from: json), manifest.isPlausible else {
            throw .damaged(path: path, what: "the manifest cannot be read")
        }
        return manifest
    }

    /// Converts a time from the text form of the database to RFC 3339. Nil if the text is not a time.
    static func rfc3339(_ databaseText: String) -> String? {
        Timestamp.parse(Array((databaseText + "Z").utf8).span).map(Timestamp.rfc3339)
    }

    /// The only member that the manifests of all versions have.
    private struct Version: Decodable {
        let formatVersion: Int

        enum CodingKeys: String, CodingKey {
            case formatVersion = "format_version"
        }
    }

    private var isPlausible: Bool {
        InstallationID(installation) != nil && events >= 0 && sessions >= 0 && bytes >= 0 && sha256.utf8.count == 64
    }
}

/// SHA-256 as hexadecimal digits.
package enum Checksum {
    /// Returns the hash of bytes.
    package static func of(_ bytes: [UInt8]) -> String { SHA256.hash(data: bytes).hexadecimal }

    /// Returns the hash of concatenated chunks.
    package static func of(_ pieces: [[UInt8]]) -> String {
        var hash = SHA256()
        for piece in pieces { hash.update(data: piece) }
        return hash.finalize().hexadecimal
    }
}

extension Digest {
    /// The digest as hexadecimal digits in lower case.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef")
        return String(flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
