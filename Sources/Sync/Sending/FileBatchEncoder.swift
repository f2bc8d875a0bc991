package import Core
package import Database
import Snapshots
package import SystemSupport

/// Packs rows as snapshots, each of a range of ids, named by installation and range.
package struct FileBatchEncoder: BatchEncoder {
    /// What a snapshot is called from when it is complete until it is opened.
    private static let name = "parcel.db.lz4"

    private let data: DataFolder
    private let source: ClickHouseRowEncoder
    private let destination: String
    private let store: String
    private let installation: String
    private let folder: Folder

    /// The files are made in `folder`, and have no name there any more once they are packed.
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
        // The name is that of the first attempt, whatever was purged or renewed since.
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
