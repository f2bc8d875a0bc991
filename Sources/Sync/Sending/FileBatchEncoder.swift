package import Core
import Crypto
package import Database
import Snapshots
package import SystemSupport

/// Encodes rows as snapshots. Each snapshot contains a range of row ids. Its file name contains the installation id and
/// the range.
package struct FileBatchEncoder: BatchEncoder {
    /// The temporary name of a complete snapshot, until `EncodedFile` opens and unlinks the file.
    private static let name = "batch.db.lz4"

    private let data: DataFolder
    private let source: ClickHouseRowEncoder
    private let destination: String
    private let store: String
    private let installation: String
    private let folder: Folder

    /// Each snapshot is created in `folder`, and unlinked as soon as it is complete and open for reading.
    package init(
        _ source: ClickHouseRowEncoder, of data: DataFolder, destination: String, store: String,
        installation: InstallationID,
        in folder: Folder
    ) {
        self.data = data
        self.source = source
        self.destination = destination
        self.store = store
        self.installation = installation.id
        self.folder = folder
    }

    package func pack(_ range: ClosedRange<Int64>) async throws -> TransferBatch? {
        guard let found = try await summary(of: range, limit: Limits.syncFileRows) else { return nil }
        return try await batch(found.range, under: installation)
    }

    package func reencode(_ transfer: Transfer) async throws -> TransferBatch? {
        // The file keeps the name of the first attempt, even if rows were purged or the installation id was replaced
        // after that attempt.
        guard try await summary(of: transfer.range, limit: 1) != nil else { return nil }
        return try await batch(transfer.range, under: transfer.installation)
    }

    @concurrent private func summary(of range: ClosedRange<Int64>, limit: Int64) async throws -> ClickHouseRowEncoder
        .Summary?
    {
        try source.summary(of: range, limit: limit)
    }

    private func batch(_ range: ClosedRange<Int64>, under installation: String) async throws -> TransferBatch {
        let manifest = try await SnapshotWriter(data: data)
            .write(SnapshotSelection(ids: range), as: .sqlite, to: .file(folder.path(of: Self.name)))
        let file = try EncodedFile(Self.name, in: folder)
        let transfer = Transfer(
            destination: destination, store: store, installation: installation, range: range, rows: manifest.events,
            bytes: file.bytes, sha256: try await file.checksum())
        let name = "nexus-\(installation)-\(range.lowerBound)-\(range.upperBound).db.lz4"
        return TransferBatch(transfer: transfer, content: .file(file, name: name))
    }
}

/// A file to send, or a file that is already at a destination. It is read in chunks, on a separate thread.
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

    /// Opens a file and unlinks it, so that nothing of it remains when the process is killed.
    package init(_ name: String, in folder: Folder) throws(SystemError) {
        try self.init(reading: folder.path(of: name))
        try folder.remove(name)
    }

    /// Returns up to `limit` bytes from `offset` on; an empty array at the end.
    package func read(at offset: Int, limit: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        _ = try file.read(appendingTo: &bytes, at: offset, limit: limit)
        return bytes
    }

    /// Returns the SHA-256 of the file, in hexadecimal digits.
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
