import CLZ4
import Core
import Crypto
import Snapshots
import SystemSupport

/// A snapshot, as far as bytes go: manifest, frame, and what comes out of it. The first byte says what is fuzzed:
///
/// - the whole file, as it is;
/// - frame and manifest, with the trailer around them put right: no mutation would find its checksum;
/// - the content, packed as it should be: it must be unpacked unchanged.
///
/// Nothing that a file says may make the reader hand out more than it promised, or take what is not what it promised.
enum SnapshotTarget {
    private static let path = Scratch.folder("snapshot") + "/file"

    static func examine(_ bytes: [UInt8]) {
        guard let kind = bytes.first else { return }
        let rest = Array(bytes.dropFirst())
        switch kind % 3 {
        case 0: _ = read(rest)
        case 1 where rest.count >= 2:
            let length = min(Int(rest[0]) | Int(rest[1]) << 8, rest.count - 2)
            _ = read(Array(rest[2..<rest.count - length]) + trailer(around: Array(rest.suffix(length))))
        case 1: break
        default: requireRoundTrip(rest)
        }
    }

    /// The content, if the file is a snapshot.
    private static func read(_ file: [UInt8]) -> [UInt8]? {
        Scratch.write(file, to: path)
        var content: [UInt8] = []
        do {
            let input = try SnapshotInput(path: path)
            let manifest = input.manifest
            let most = max(Limits.snapshotBytesAnyRatio, file.count * Limits.snapshotRatio)
            precondition(manifest.bytes <= most, "a file may grow without bound")
            try input.unpack({ done, total in precondition(done <= total) }) { piece in
                content.append(piece)
                precondition(content.count <= manifest.bytes, "more is handed out than was promised")
            }
            precondition(content.count == manifest.bytes, "less is handed out than was promised")
            precondition(hash(of: content) == manifest.sha256, "content is taken that is not what it should be")
            return content
        } catch let error {
            // Whatever is wrong has a sentence.
            precondition(!SnapshotError(error, path: path).description.isEmpty)
            return nil
        }
    }

    private static func requireRoundTrip(_ content: [UInt8]) {
        guard !content.isEmpty else { return }
        let manifest = """
            {"format_version":1,"content":"ndjson","installation":"\(String(repeating: "a", count: 32))",\
            "schema_version":1,"events":1,"sessions":1,"bytes":\(content.count),"sha256":"\(hash(of: content))"}
            """
        precondition(read(frame(of: content) + trailer(around: Array(manifest.utf8))) == content)
    }

    private static func hash(of content: [UInt8]) -> String {
        var hash = SHA256()
        hash.update(data: content)
        return hash.finalize().hexadecimal
    }

    /// By the library alone, as another program would write it.
    private static func frame(of content: [UInt8]) -> [UInt8] {
        var preferences = LZ4F_preferences_t()
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled
        preferences.frameInfo.contentSize = UInt64(content.count)
        var frame = unsafe [UInt8](repeating: 0, count: LZ4F_compressFrameBound(content.count, &preferences))
        let length = unsafe LZ4F_compressFrame(&frame, frame.count, content, content.count, &preferences)
        return Array(frame.prefix(length))
    }

    /// The skippable frame around a manifest, from the format as it is written down.
    private static func trailer(around manifest: [UInt8]) -> [UInt8] {
        var trailer: [UInt8] = []
        trailer.append(littleEndian: UInt32(0x184D_2A5E))
        trailer.append(littleEndian: UInt32(manifest.count + 16))
        trailer += manifest
        trailer.append(littleEndian: UInt32(manifest.count))
        trailer.append(littleEndian: CRC32C.checksum(manifest.span))
        return trailer + Array("NEXUSNAP".utf8)
    }
}
