import Core
import Crypto
import SystemSupport

/// A snapshot that is being read. The values in the file are untrusted until they are verified. Even before that,
/// memory use and the unpacked size are limited.
package struct SnapshotInput: ~Copyable {
    /// The number of bytes that are read at once.
    private static let chunkBytes = 1024 * 1024
    private static let magic: UInt32 = 0x184D_2204

    package let manifest: SnapshotManifest
    private let path: String
    private let file: File
    /// The length of the frame with the content, in bytes.
    private let frameBytes: Int

    /// Opens a file and reads its header and manifest.
    package init(path: String) throws {
        let file = try File(opening: path, [.read, .nonBlocking, .followingLinks])
        let status = try file.status()
        let start = try Self.read(file, at: 0, count: 19)
        guard status.isRegular, start.count == 19, start.span.uint32(at: 0) == Self.magic else {
            throw SnapshotError.notASnapshot(path: path)
        }
        let footerStart = status.size - SnapshotManifest.footerBytes
        let footer = try Self.read(file, at: max(0, footerStart), count: SnapshotManifest.footerBytes)
        guard let length = SnapshotManifest.length(footer: footer.span) else {
            throw SnapshotError.damaged(
                path: path, what: "the manifest at its end is missing: the file is truncated, or not a snapshot")
        }
        let frameBytes = footerStart - length - 8
        guard frameBytes > 0 else { throw SnapshotError.damaged(path: path, what: "the file is truncated") }
        let trailer = try Self.read(file, at: frameBytes, count: status.size - frameBytes)
        let manifest = try SnapshotManifest.read(trailer: trailer, path: path)
        let header = try LZ4FrameDecoder().header(start.span)
        guard header.contentSize == UInt64(manifest.bytes) else {
            throw SnapshotError.damaged(path: path, what: "the lengths of manifest and frame differ")
        }
        let (largest, overflows) = status.size.multipliedReportingOverflow(by: Limits.snapshotRatio)
        guard overflows || manifest.bytes <= max(largest, Limits.snapshotBytesAnyRatio) else {
            throw SnapshotError.damaged(
                path: path,
                what: "it would unpack to more than \(Limits.snapshotRatio) times its size")
        }
        self.manifest = manifest
        self.path = path
        self.file = file
        self.frameBytes = frameBytes
    }

    private static func read(_ file: borrowing File, at offset: Int, count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            if try file.read(appendingTo: &bytes, at: offset + bytes.count, limit: count - bytes.count) == 0 { break }
        }
        return bytes
    }

    /// Decompresses the content and passes it to `take` in chunks. Then checks the length and the hash.
    package func unpack(_ progress: (Int, Int) -> Void, _ take: (Span<UInt8>) throws -> Void) throws {
        let decoder = try LZ4FrameDecoder()
        var hash = SHA256()
        var output = [UInt8](repeating: 0, count: Self.chunkBytes)
        var offset = 0
        var length = 0
        var isComplete = false
        while !isComplete {
            let input = try Self.read(file, at: offset, count: min(Self.chunkBytes, frameBytes - offset))
            guard !input.isEmpty else { throw SnapshotError.damaged(path: path, what: "the content ends too early") }
            var position = 0
            while position < input.count, !isComplete {
                let step = try decoder.decode(input.span.extracting(position..<input.count), into: &output)
                position += step.consumed
                length += step.produced
                // The library checks the length only at the end of the frame, so this check limits the output.
                guard length <= manifest.bytes else {
                    throw SnapshotError.damaged(path: path, what: "its content is longer than its manifest states")
                }
                hash.update(data: output[..<step.produced])
                try take(output.span.extracting(0..<step.produced))
                isComplete = step.isComplete
            }
            offset += position
            progress(length, manifest.bytes)
            try Task.checkCancellation()
        }
        guard offset == frameBytes, length == manifest.bytes else {
            throw SnapshotError.damaged(path: path, what: "its content is shorter than its manifest states")
        }
        guard hash.finalize().hexadecimal == manifest.sha256 else {
            throw SnapshotError.damaged(path: path, what: "the content does not match the SHA-256 of its manifest")
        }
    }
}
