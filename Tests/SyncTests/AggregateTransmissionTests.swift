import Core
import Database
import DatabaseTesting
import Foundation
import GRDB
import Rollups
import Synchronization
import SystemSupport
import TestSupport
import Testing

@testable import Snapshots
@testable import Sync

@Suite("Sending aggregates by the day")
struct AggregateTransmissionTests {
    private let stored: StoredFolder
    private let source = String(repeating: "5", count: 32)
    /// 2026-11-01.
    private static let firstDay: Int64 = 20_758

    init() throws {
        stored = try StoredFolder(now: (Self.firstDay + 40) * Timestamp.millisecondsPerDay)
    }

    /// Records events of `make` on days from the first.
    private func record(_ days: Int..., command: String = "make") async throws {
        let lines = days.map { day in
            let time = (Self.firstDay + Int64(day)) * Timestamp.millisecondsPerDay + 5_000_000
            return #"{"timestamp":\#(time),"command":"\#(command)","duration_ms":12,"success":true}"#
        }
        try await stored.store(lines)
    }

    /// Removes every event of a day, as a purge does.
    private func remove(_ day: Int) throws {
        try stored.tables().write { database in
            try database.execute(
                sql: "DELETE FROM events WHERE CAST(strftime('%s', timestamp) AS INTEGER) / 86400 = ?",
                arguments: [Self.firstDay + Int64(day)])
            try RollupTables.rebuild(in: database, report: { _ in })
        }
    }

    private func destination(_ allowed: AllowedNames? = nil) -> AggregateDestination {
        AggregateDestination(.folder(Folder("/nowhere")), source: source, allowed: allowed)
    }

    @discardableResult
    private func send(
        to target: any DayTarget, allowed: AllowedNames? = nil, fromStart: Bool = false
    ) async throws -> AggregateTransmission.Summary {
        let destination = destination(allowed)
        let plan = try #require(try AggregatePlan(destination, data: stored.data))
        guard let ledger = try Ledger.open(in: stored.data) else { throw SyncError.alreadySending }
        let transmission = AggregateTransmission(
            plan, to: destination, ledger: ledger, target: target, clock: ImmediateClock(WaitLog()),
            wallClock: stored.clock)
        return try await SyncActor().send(transmission, fromStart: fromStart) { _ in }
    }

    /// The lines of every day as they are now, without the version.
    private func present(_ allowed: AllowedNames? = nil) throws -> [Int64: String] {
        let plan = try #require(try AggregatePlan(destination(allowed), data: stored.data))
        var days: [Int64: String] = [:]
        for day in try plan.changedDays(LedgerProgress()) {
            let lines = try plan.lines(of: day)
            if lines.count > 0 { days[day] = String(decoding: lines.bytes(source: source, version: 0), as: UTF8.self) }
        }
        return days
    }

    @Test("A folder gets a file for each day, once, and a changed day's file is replaced")
    func folder() async throws {
        let place = try TemporaryFolder()
        let target = FolderDayTarget(Folder(place.path))
        func files() throws -> [String: String] {
            var files: [String: String] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: place.path) {
                files[name] = try decoded(Array(try Data(contentsOf: URL(filePath: place.path + "/" + name))))
            }
            return files
        }
        try await record(0, 1, 1, 2)
        #expect(try await send(to: target).days == 3)
        let first = try files()
        let name = "nexus-daily-\(source)-2026-11-02.tsv.lz4"
        #expect(
            first.count == 3 && first[name]?.hasSuffix("\tmake\tcommand\tsucceeded\t\t\t2\t24\t[12]\t[2]\n") == true)
        #expect(try await send(to: target).days == 0)

        try await record(1)
        #expect(try await send(to: target).days == 1)
        let second = try files()
        #expect(second.filter { first[$0.key] != $0.value }.map(\.key) == [name])
        #expect(second[name]?.contains("\t3\t36\t") == true)

        try remove(2)
        let gone = try await send(to: target)
        #expect(gone.days == 1 && gone.lines == 0)
        #expect(try files()["nexus-daily-\(source)-2026-11-03.tsv.lz4"] == "")
        #expect(try await send(to: target).days == 0)
        #expect(try await send(to: target, fromStart: true).days == 2)
    }

    @Test("Another list of allowed names sends the days again that it changes")
    func allowed() async throws {
        try await record(0, command: "make")
        try await record(1, command: "acme")
        let target = DayServer()
        let all = try AllowedNames("command make\ncommand acme")
        let make = try AllowedNames("command make")
        #expect(try await send(to: target, allowed: all).days == 2)
        #expect(try await send(to: target, allowed: make).days == 1)
        #expect(target.days == (try present(make)))
        #expect(!target.days.values.contains { $0.contains("acme") })
    }

    @Test("A day's version grows even if the clock went back, and is in the ledger")
    func version() async throws {
        try await record(0)
        let target = DayServer()
        try await send(to: target)
        stored.clock.set((Self.firstDay + 39) * Timestamp.millisecondsPerDay)
        try await record(0)
        try await send(to: target)
        var versions: [Int64?] = []
        let findings = try LedgerReader.read(stored.data) { versions.append($0.version) }
        let first = (Self.firstDay + 40) * Timestamp.millisecondsPerDay
        #expect(versions == [first, first, first + 1, first + 1] && findings.damage == nil)
        #expect(target.days == (try present()))
        var log = TransferLog()
        _ = try LedgerReader.read(stored.data) { log.observe($0) }
        #expect(log.finished().map(\.isConfirmed) == [true, true])
    }

    @Test(
        "The destination has the present figures after faults at any boundary, and no missing day is noted as sent",
        arguments: 1...(ProcessInfo.processInfo.environment["NEXUS_TEST_FULL"] == "1" ? 500 : 25))
    func faults(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let target = DayServer()
        try await record(0)
        for _ in 0..<12 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0: try remove(Int.random(in: 0..<4, using: &random))
            default:
                try await record(
                    Int.random(in: 0..<4, using: &random), Int.random(in: 0..<4, using: &random),
                    command: Bool.random(using: &random) ? "make" : "git")
            }
            target.fault = DayServer.Fault.allCases.randomElement(using: &random)
            do { try await send(to: target) } catch is SyncError {}
            try requireConfirmedDays(at: target)
        }
        target.fault = nil
        try await send(to: target)
        #expect(target.days == (try present()))
        #expect(try await send(to: target).days == 0)
    }

    private func requireConfirmedDays(at target: DayServer) throws {
        var progress = LedgerProgress()
        _ = try LedgerReader.read(stored.data) { progress.observe($0) }
        for (day, sent) in progress.days(of: source) where sent.isConfirmed {
            #expect(target.version(of: day) == sent.version)
        }
    }
}

/// A server in memory that keeps the highest version of each day, and fails as it is told.
private final class DayServer: DayTarget {
    enum Fault: CaseIterable {
        /// It cannot be reached.
        case unreachable
        /// It refuses before it has stored anything.
        case refused
        /// It stores the first day of a batch and then refuses.
        case torn
        /// It stores everything, and its answer is lost.
        case lostAnswer
        /// It is busy, once.
        case busyOnce
    }

    private struct State {
        var days: [Int64: (version: Int64, lines: String)] = [:]
        var fault: Fault?
    }

    private let state = Mutex(State())

    var fault: Fault? {
        get { state.withLock { $0.fault } }
        set { state.withLock { $0.fault = newValue } }
    }

    /// The lines of each day that has any, with 0 in place of the version.
    var days: [Int64: String] {
        state.withLock { state in
            state.days.filter { !$0.value.lines.isEmpty }.mapValues {
                $0.lines.replacing("\t\($0.version)\t", with: "\t0\t")
            }
        }
    }

    func version(of day: Int64) -> Int64? { state.withLock { $0.days[day]?.version } }

    func prepare() async throws {
        if fault == .unreachable { throw RetryPolicy.Failure.lasting(.unreachable("there", reason: "test")) }
    }

    func deliver(_ batch: DayBatch) async throws {
        try state.withLock { state in
            switch state.fault {
            case .refused: throw RetryPolicy.Failure.lasting(.refused("there", reason: "test"))
            case .busyOnce:
                state.fault = nil
                throw RetryPolicy.Failure.passing(.busy("there", reason: "test"))
            case .torn:
                if let first = batch.days.first { Self.store(first, in: &state) }
                throw RetryPolicy.Failure.lasting(.refused("there", reason: "test"))
            default: for day in batch.days { Self.store(day, in: &state) }
            }
            if state.fault == .lostAnswer { throw RetryPolicy.Failure.lasting(.busy("there", reason: "test")) }
        }
    }

    private static func store(_ day: DayBatch.Day, in state: inout State) {
        let version = day.transfer.version ?? 0
        guard (state.days[day.day]?.version ?? -1) < version else { return }
        state.days[day.day] = (version, String(decoding: day.lines, as: UTF8.self))
    }
}

/// The text in an LZ4 frame of at most a megabyte.
func decoded(_ frame: [UInt8]) throws -> String {
    var text = [UInt8](repeating: 0, count: 1 << 20)
    let step = try LZ4FrameDecoder().decode(frame.span, into: &text)
    #expect(step.isComplete && step.consumed == frame.count)
    return String(decoding: text.prefix(step.produced), as: UTF8.self)
}
