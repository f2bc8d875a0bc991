import AsyncHTTPClient
package import Core
package import Database
import SystemSupport

/// The rows to send to a destination. `preview` counts them without sending, and `send` sends them.
package struct SyncPlan: Sendable {
    private let data: DataFolder
    private let destination: Destination
    private let source: ClickHouseRowEncoder
    private let store: String
    private let installation: InstallationID
    private let last: Int64
    private let parts: WriterParts

    /// Reads the database; nil when the data folder has no database. Throws `SyncError.notReady` for a database that no
    /// writer of this version has opened yet.
    /// - Parameter parts: the parts of the writer that records the length of the ledger.
    package init?(_ destination: Destination, data: DataFolder, parts: WriterParts) throws {
        guard let source = try ClickHouseRowEncoder(data: data) else { return nil }
        guard let identity = try source.identity() else { throw SyncError.notReady }
        self.data = data
        self.parts = parts
        self.destination = destination
        self.source = source
        store = identity.store
        installation = identity.installation
        // The next run sends the rows that are recorded from now on. Otherwise this run might never end.
        last = try source.lastID()
    }

    /// Names of the columns of a sent row.
    package static var columns: [String] { ClickHouseRowEncoder.columns }

    /// A summary of the rows that would be sent.
    package struct Preview: Sendable {
        package var rows = 0
        /// Number of files or batches.
        package var transfers = 0
        package var bytes = 0
        /// Times of the earliest and the latest event, in the database's text form; nil if there are no rows.
        package var span: (earliest: String, latest: String)?
        /// Ids of the first and the last row; nil if there are no rows.
        package var range: ClosedRange<Int64>?
        /// The first rows. Each row has a value for each of `SyncPlan.columns`.
        package var firstRows: [[String]] = []
    }

    /// Encodes all rows as `send` does, counts them, and discards the encoded rows. Nothing is sent, and nothing stays
    /// on disk.
    package func preview(fromStart: Bool, firstRows: Int) async throws -> Preview {
        var progress = LedgerProgress()
        let findings = try LedgerReader.read(data) { progress.observe($0) }
        if let damage = findings.damage { throw SyncError.damagedLedger(path: data.ledgerPath, damage) }
        let identity = destination.identity
        var next = fromStart ? 1 : progress.cursor(of: identity, store: store) + 1
        var preview = Preview()
        guard next <= last, let all = try source.summary(of: next...last) else { return preview }
        preview.range = all.range
        preview.span = (all.earliest, all.latest)
        preview.firstRows = try self.firstRows(firstRows, in: next...last)
        let scratch = try ScratchFolder(in: ScratchFolder.commonParent)
        let encoder = encoder(makingFilesIn: scratch.folder)
        while next <= last, let transferBatch = try await encoder.pack(next...last) {
            preview.transfers += 1
            preview.rows += transferBatch.transfer.rows
            preview.bytes += transferBatch.transfer.bytes
            next = transferBatch.transfer.range.upperBound + 1
        }
        return preview
    }

    private func firstRows(_ count: Int, in range: ClosedRange<Int64>) throws -> [[String]] {
        let batch = try source.batch(in: range, .init(rows: count, bytes: .max, leastRows: count))
        return Array((batch?.pieces ?? []).joined()).split(separator: UInt8(ascii: "\n")).map { line in
            line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// Deletes the database's note about the previous ledger, so that a new ledger is accepted. The user asks for this
    /// with `--new-ledger`.
    /// - Returns: true if a new ledger is accepted; false if another process holds the writer lock.
    package func acceptNewLedger() async throws -> Bool {
        try await LedgerNote.forget(in: data, parts: parts)
    }

    /// Sends the rows. Throws a `SyncError`, or `CancellationError`.
    package func send(
        fromStart: Bool, credentials: Credentials?, deadline: TransferDeadline = .standard,
        _ report: @Sendable (Transmission.Progress) -> Void
    ) async throws -> Transmission.Summary {
        let result: Result<Transmission.Summary, any Error>
        do {
            result = .success(
                try await transfer(fromStart: fromStart, credentials: credentials, deadline: deadline, report))
        } catch {
            result = .failure(error)
        }
        await LedgerNote.update(in: data, parts: parts)
        return try result.get()
    }

    private func transfer(
        fromStart: Bool, credentials: Credentials?, deadline: TransferDeadline,
        _ report: @Sendable (Transmission.Progress) -> Void
    ) async throws -> Transmission.Summary {
        // The options are loaded first, so an invalid environment variable ends the run before the ledger is opened.
        let options = try destination.address.map { try WebOptions.load(for: $0, deadline: deadline) }
        guard let ledger = try Ledger.open(in: data) else { throw SyncError.alreadySending }
        // The scratch folder is in the data folder, so that a purge finds leftovers of a killed process.
        let scratch = try ScratchFolder(in: data.folder)
        let job = Transmission.Job(
            destination: destination.identity, store: store, last: last, fromStart: fromStart)
        let encoder = encoder(makingFilesIn: scratch.folder)
        if case .folder(let folder) = destination {
            let transmission = Transmission(job, ledger: ledger, encoder: encoder, target: FolderTarget(folder))
            return try await SyncActor().send(transmission, report)
        }
        guard let options else { preconditionFailure("a server has an address") }
        // The client is created only for a server, because it starts threads and reads the system's certificates.
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: WebConnection.configuration(options))
        let target = Self.target(client, destination, credentials, options)
        let transmission = Transmission(job, ledger: ledger, encoder: encoder, target: target)
        do {
            let summary = try await SyncActor().send(transmission, report)
            try await client.shutdown()
            return summary
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private func encoder(makingFilesIn folder: Folder) -> any BatchEncoder {
        if case .clickHouse = destination {
            return RowBatchEncoder(source, destination: destination.identity, store: store, installation: installation)
        }
        return FileBatchEncoder(
            source, of: data, destination: destination.identity, store: store, installation: installation, in: folder)
    }

    private static func target(
        _ client: HTTPClient, _ destination: Destination, _ credentials: Credentials?, _ options: WebOptions
    ) -> any Target {
        switch destination {
        case .folder(let folder): FolderTarget(folder)
        case .server(let address):
            WebTarget(client, destination, address, credentials: credentials, options: options)
        case .clickHouse(let address, let database):
            ClickHouseTarget(
                ClickHouseConnection(
                    client, destination, address, database: database, credentials: credentials, options: options))
        }
    }
}
