import AsyncHTTPClient
package import Core
package import Database
import Rollups
import SystemSupport

/// The days of aggregates to send to a named destination. `preview` computes them without sending, and `send` sends
/// them.
package struct AggregateSync: Sendable {
    private let name: String
    private let data: DataFolder
    private let parts: WriterParts
    private let destination: AggregateDestination
    private let plan: AggregatePlan
    /// The installation id that this run records for the destination. Nil when the destination already has an
    /// installation id.
    private let adopts: String?
    /// Whether the run replaces every day at the destination by an empty day.
    package let isWithdrawal: Bool

    /// The number of days that cannot be sent, because their figures are unknown (see `DailyFiguresReader.days`).
    package var unknownDays: Int { plan.unknown.count }

    /// Prepares a run.
    /// - Parameters:
    ///   - withdraws: true withdraws the days at the destination. If false, the run withdraws them only if the state of
    ///     `entry` is `withdrawing`.
    ///   - parts: the parts of the writer that records the length of the ledger.
    /// - Returns: nil when the folder has no installation id (see `installation(of:)`), and so nothing to send. A
    ///   withdrawal needs no installation id.
    /// - Throws: `SyncError.copiedFolder` if the destination's random id was made in another data folder.
    package init?(
        _ name: String, _ entry: AggregateSettings.Entry, withdraws: Bool = false, data: DataFolder, parts: WriterParts
    ) throws {
        self.name = name
        self.data = data
        self.parts = parts
        destination = try entry.destination
        isWithdrawal = withdraws || entry.state == .withdrawing
        let installation = try Self.installation(of: data)
        if let known = entry.installation, let installation, known != installation {
            throw SyncError.copiedFolder(name: name)
        }
        adopts = entry.installation == nil ? installation : nil
        if isWithdrawal {
            plan = AggregatePlan(withdrawing: destination)
            return
        }
        guard installation != nil, let plan = try AggregatePlan(destination, data: data) else { return nil }
        self.plan = plan
    }

    /// Returns the installation id of a data folder. Nil if there is no database, or if a version of Nexus without
    /// installation ids wrote it.
    package static func installation(of data: DataFolder) throws -> String? {
        try ClickHouseRowEncoder(data: data)?.identity()?.installation.id
    }

    // MARK: Without sending

    /// A day that would be sent.
    package struct Day: Sendable {
        /// `2026-11-30`.
        package let date: String
        package let lines: Int
        /// The bytes that ClickHouse would receive. A folder or another server receives the same bytes in an LZ4 frame.
        package let bytes: [UInt8]
        /// The checksum that the ledger records (`DailyLines.checksum`).
        package let checksum: String
    }

    /// Calls `take` with each day that would be sent now, in order. Nothing is sent, and nothing is written.
    package func preview(fromStart: Bool, _ take: (Day) throws -> Void) throws {
        let progress = try recordedProgress()
        let sent = progress.days(of: destination.source)
        let version = AggregateTransmission.version(after: sent, now: SystemClock().now())
        for day in try plan.changedDays(progress, fromStart: fromStart) {
            let lines = try plan.lines(of: day)
            try take(
                Day(
                    date: DailyLines.date(day), lines: lines.count,
                    bytes: lines.bytes(source: destination.source, version: version), checksum: lines.checksum))
        }
    }

    /// Returns the number of days that the destination has or may have. A withdrawal would replace these days.
    package func daysThere() throws -> Int {
        try recordedProgress().days(of: destination.source).count { $0.value.lines > 0 || !$0.value.isConfirmed }
    }

    private func recordedProgress() throws -> LedgerProgress {
        var progress = LedgerProgress()
        let findings = try LedgerReader.read(data) { progress.observe($0) }
        if let damage = findings.damage { throw SyncError.damagedLedger(path: data.ledgerPath, damage) }
        return progress
    }

    // MARK: Sending

    /// Deletes the database's note about the previous ledger, so that a new ledger is accepted. The user asks for this
    /// with `--new-ledger`.
    /// - Returns: true if a new ledger is accepted; false if another process holds the writer lock.
    package func acceptNewLedger() async throws -> Bool {
        try await LedgerNote.forget(in: data, parts: parts)
    }

    /// Sends the changed days, or withdraws all days. Throws a `SyncError`, or `CancellationError`.
    package func send(
        fromStart: Bool, credentials: Credentials?, deadline: TransferDeadline = .standard,
        clock: any Clock<Duration> = ContinuousClock(), _ report: @Sendable (Transmission.Progress) -> Void
    ) async throws -> AggregateTransmission.Summary {
        let result: Result<AggregateTransmission.Summary, any Error>
        do {
            result = .success(try await transfer(fromStart, credentials, deadline, clock, report))
        } catch {
            result = .failure(error)
        }
        await LedgerNote.update(in: data, parts: parts)
        return try result.get()
    }

    private func transfer(
        _ fromStart: Bool, _ credentials: Credentials?, _ deadline: TransferDeadline, _ clock: any Clock<Duration>,
        _ report: @Sendable (Transmission.Progress) -> Void
    ) async throws -> AggregateTransmission.Summary {
        // The options are loaded first, so an invalid environment variable ends the run before the ledger is opened.
        let options = try destination.place.address.map { try WebOptions.load(for: $0, deadline: deadline) }
        guard let ledger = try Ledger.open(in: data) else { throw SyncError.alreadySending }
        if let adopts {
            try AggregateSettingsFile(data).update { $0.entries[name]?.installation = adopts }
        }
        if case .folder(let folder) = destination.place {
            return try await send(ledger, to: FolderDayTarget(folder), fromStart, clock, report)
        }
        guard let options else { preconditionFailure("a server has an address") }
        // The client is created only for a server, because it starts threads and reads the system's certificates.
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: WebConnection.configuration(options))
        do {
            let target = Self.target(client, destination.place, credentials, options)
            let summary = try await send(ledger, to: target, fromStart, clock, report)
            try await client.shutdown()
            return summary
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private func send(
        _ ledger: consuming Ledger, to target: any DayTarget, _ fromStart: Bool, _ clock: any Clock<Duration>,
        _ report: @Sendable (Transmission.Progress) -> Void
    ) async throws -> AggregateTransmission.Summary {
        let transmission = AggregateTransmission(plan, to: destination, ledger: ledger, target: target, clock: clock)
        return try await SyncActor().send(transmission, fromStart: fromStart, report)
    }

    /// Returns the target that sends days to `place`.
    static func target(
        _ client: HTTPClient, _ place: Destination, _ credentials: Credentials?, _ options: WebOptions
    ) -> any DayTarget {
        switch place {
        case .folder(let folder): FolderDayTarget(folder)
        case .server(let address):
            WebDayTarget(client, place, address, credentials: credentials, options: options)
        case .clickHouse(let address, let database):
            ClickHouseDayTarget(
                ClickHouseConnection(
                    client, place, address, database: database, credentials: credentials, options: options))
        }
    }
}

/// The recorded names that would be sent with aggregates now.
package struct LeavingNames: Equatable, Sendable {
    /// The names of each kind, the most frequent first.
    package private(set) var names: [AllowedNames.Kind: [String]] = [:]

    /// Reads the recorded names. Without a database, the lists are empty.
    /// - Parameter allowed: the names that may leave; nil allows all names.
    package init(of data: DataFolder, allowed: AllowedNames?) throws {
        guard let store = try StoreReader(data: data) else { return }
        let usage = try store.usage(by: [.command, .errorCategory, .template], in: 0..<Int64.max)
        for (kind, dimension) in [
            (AllowedNames.Kind.command, UsageDimension.command), (.category, .errorCategory), (.template, .template),
        ] {
            names[kind] = (usage[dimension] ?? []).map(\.name).filter { allowed?.allows(kind, $0) ?? true }
        }
    }
}
