import Core
import Crypto
import Snapshots
package import SystemSupport

/// A file that is ready to be sent, or has been: read a piece at a time, on a thread of its own.
package actor EncodedFile {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let file: File
    /// The file's length.
    package nonisolated let bytes: Int

    /// Opens a file.
    package init(reading path: String) throws(SystemError) {
        file = try File(opening: path, [.read, .regular])
        bytes = try file.status().size
    }

    /// Opens a file and takes its name away, so that nothing of it stays when the process is killed.
    package init(_ name: String, in folder: Folder) throws(SystemError) {
        try self.init(reading: folder.path(of: name))
        try folder.remove(name)
    }

    /// Up to `limit` bytes from `offset` on; none at the end.
    package func read(at offset: Int, limit: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        _ = try file.read(appendingTo: &bytes, at: offset, limit: limit)
        return bytes
    }

    /// SHA-256 of the file, in hexadecimal digits.
    func checksum() throws(SystemError) -> String {
        var hash = SHA256()
        var offset = 0
        while offset < bytes {
            let piece = try read(at: offset, limit: Limits.inputChunkBytes)
            guard !piece.isEmpty else { break }
            hash.update(data: piece)
            offset += piece.count
        }
        return hash.finalize().hexadecimal
    }
}
