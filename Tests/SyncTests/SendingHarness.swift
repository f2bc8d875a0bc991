import Application
import AsyncHTTPClient
import Core
import Database
import DatabaseTesting
import Foundation
import NIOSSL
import Snapshots
import Synchronization
import SystemSupport
import TestSupport
import Testing

@testable import Sync

/// A data folder with events, and what is needed to send them in process, without waiting between attempts.
struct SendingHarness {
    let stored: StoredFolder
    let waits = WaitLog()
    var data: DataFolder { stored.data }

    init(events: Int = 10) async throws {
        stored = try StoredFolder(parts: .standard)
        try await record(events)
    }

    func record(_ count: Int) async throws {
        try await stored.store((0..<count).map { #"{"command":"make","duration_ms":\#($0)}"# })
    }

    var installation: String { get throws { try stored.tables().text("SELECT id FROM installation") ?? "" } }

    /// The plan of a whole run, as the command makes it.
    func plan(_ destination: Destination) throws -> SyncPlan {
        try #require(try SyncPlan(destination, data: data, parts: .standard))
    }

    /// Sends what is new to a folder, in whole runs.
    @discardableResult
    func send(to folder: String, fromStart: Bool = false) async throws -> Transmission.Summary {
        try await plan(.folder(Folder(folder))).send(fromStart: fromStart, credentials: nil) { _ in }
    }

    /// Sends what is new to a server, with a clock that does not wait.
    /// - Parameters:
    ///   - certificate: the one certificate that is trusted; nil for the system's.
    ///   - requestTime: how long a request may take.
    @discardableResult
    func send(
        _ url: String, credentials: Credentials? = nil, certificate: String? = nil,
        requestTime: Duration = .seconds(60)
    ) async throws -> Transmission.Summary {
        let destination = try Destination(url)
        let address = try #require(destination.address)
        let options = try WebOptions.load(
            for: address, deadline: TransferDeadline(base: requestTime, bytesPerSecond: 1_000_000_000)
        ) { name in name == "SSL_CERT_FILE" ? certificate : nil }
        let source = try #require(try ClickHouseRowEncoder(data: data))
        let identity = try #require(try source.identity())
        guard let ledger = try Ledger.open(in: data) else { throw SyncError.alreadySending }
        let scratch = try ScratchFolder(in: data.folder)
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: WebConnection.configuration(options))
        let encoder: any BatchEncoder
        let target: any Target
        if case .clickHouse(_, let database) = destination {
            encoder = RowBatchEncoder(
                source, destination: destination.identity, store: identity.store, installation: identity.installation)
            target = ClickHouseTarget(
                ClickHouseConnection(
                    client, destination, address, database: database, credentials: credentials, options: options))
        } else {
            encoder = FileBatchEncoder(
                source, of: data, destination: destination.identity, store: identity.store,
                installation: identity.installation, in: scratch.folder)
            target = WebTarget(client, destination, address, credentials: credentials, options: options)
        }
        let job = Transmission.Job(
            destination: destination.identity, store: identity.store, last: try source.lastID(), fromStart: false)
        let transmission = Transmission(
            job, ledger: ledger, encoder: encoder, target: target, clock: ImmediateClock(waits),
            wallClock: stored.clock)
        do {
            let summary = try await SyncActor().send(transmission) { _ in }
            try await client.shutdown()
            return summary
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    /// Sends and returns the error that it must fail with.
    func failure(
        _ url: String, credentials: Credentials? = nil, certificate: String? = nil,
        requestTime: Duration = .seconds(60), sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> SyncError {
        do {
            try await send(url, credentials: credentials, certificate: certificate, requestTime: requestTime)
        } catch let error as SyncError {
            return error
        }
        Issue.record("the transfer succeeded", sourceLocation: sourceLocation)
        throw CancellationError()
    }

    /// The ranges that the ledger has as sent.
    func sent() throws -> [ClosedRange<Int64>] { try entries(.sent) }

    /// The ranges that the ledger has as begun.
    func begun() throws -> [ClosedRange<Int64>] { try entries(.intent) }

    private func entries(_ event: LedgerEntry.Event) throws -> [ClosedRange<Int64>] {
        var ranges: [ClosedRange<Int64>] = []
        let findings = try LedgerReader.read(data) { if $0.event == event { ranges.append($0.first...$0.last) } }
        #expect(findings.damage == nil)
        return ranges
    }
}

/// The waits between attempts.
final class WaitLog: Sendable {
    private let durations = Mutex<[Duration]>([])

    var all: [Duration] { durations.withLock { $0 } }

    func append(_ duration: Duration) { durations.withLock { $0.append(duration) } }
}

/// A clock whose sleepers wake at once; it notes how long they would have slept.
struct ImmediateClock: Clock {
    struct Instant: InstantProtocol {
        let offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private let waits: WaitLog

    init(_ waits: WaitLog) {
        self.waits = waits
    }

    var now: Instant { Instant(offset: .zero) }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws { waits.append(deadline.offset) }
}
