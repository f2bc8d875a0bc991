import AsyncHTTPClient
import Core
import DatabaseTesting
import Foundation
import Synchronization
import SystemSupport
import TestSupport
import Testing

@testable import Sync

/// Faults at every boundary of a transfer of days to ClickHouse: the tables have the present figures in the end.
@Suite("Faults while days of aggregates are sent to ClickHouse")
struct DayFaultTests {
    /// What happens to one request.
    enum Fault: CaseIterable {
        /// Nothing is stored, and the answer is an error, a page or a redirection.
        case refused, busy, page, exceptionWithSuccess, redirected, cut
        /// The data is stored, and the answer gets lost.
        case lostAnswer
    }

    private static let isFull = ProcessInfo.processInfo.environment["NEXUS_TEST_FULL"] == "1"
    /// 2026-11-01.
    private static let firstDay: Int64 = 20_758
    private let stored: StoredFolder
    private let source = String(repeating: "5", count: 32)

    init() throws {
        stored = try StoredFolder(now: (Self.firstDay + 40) * Timestamp.millisecondsPerDay)
    }

    private func record(_ day: Int, _ command: String) async throws {
        let time = (Self.firstDay + Int64(day)) * Timestamp.millisecondsPerDay + 5_000_000
        try await stored.store([#"{"timestamp":\#(time),"command":"\#(command)","duration_ms":12,"success":true}"#])
    }

    private func send(_ tables: MemoryTables) async throws {
        let place = try Destination(tables.url)
        let address = try #require(place.address)
        let deadline = TransferDeadline(base: .seconds(60), bytesPerSecond: 1_000_000_000)
        let options = try WebOptions.load(for: address, deadline: deadline) { _ in nil }
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: WebConnection.configuration(options))
        let destination = AggregateDestination(place, source: source, allowed: nil)
        let target = AggregateSync.target(client, place, nil, options)
        let plan = try #require(try AggregatePlan(destination, data: stored.data))
        guard let ledger = try Ledger.open(in: stored.data) else { throw SyncError.alreadySending }
        let transmission = AggregateTransmission(
            plan, to: destination, ledger: ledger, target: target, clock: ImmediateClock(WaitLog()),
            wallClock: stored.clock)
        do {
            _ = try await SyncActor().send(transmission) { _ in }
            try await client.shutdown()
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    /// The lines of every day as they are now, with 0 in place of the version.
    private func present() throws -> Set<String> {
        let destination = AggregateDestination(try Destination("file:///x"), source: source, allowed: nil)
        let plan = try #require(try AggregatePlan(destination, data: stored.data))
        var lines: Set<String> = []
        for day in try plan.changedDays(LedgerProgress()) {
            let text = String(decoding: try plan.lines(of: day).bytes(source: source, version: 0), as: UTF8.self)
            lines.formUnion(text.split(separator: "\n").map(String.init))
        }
        return lines
    }

    private func requireConfirmedDays(_ tables: MemoryTables) throws {
        var progress = LedgerProgress()
        _ = try LedgerReader.read(stored.data) { progress.observe($0) }
        for (day, sent) in progress.days(of: source) where sent.isConfirmed {
            #expect((tables.version(of: DailyLines.date(day)) ?? 0) >= sent.version)
        }
    }

    @Test(
        "A fault in any one request leaves nothing noted that is not there, and the next run ends with the present figures"
    )
    func eachRequest() async throws {
        for fault in Fault.allCases {
            for number in 0..<13 {
                let tables = try await MemoryTables()
                // The ledger is that of another server.
                for path in [stored.data.ledgerPath, stored.data.ledgerHeadPath] {
                    try? FileManager.default.removeItem(atPath: path)
                }
                try await record(number % 3, "make \(fault)")
                tables.fail(fault, at: number)
                do { try await send(tables) } catch is SyncError {}
                try requireConfirmedDays(tables)
                tables.fail(nil, at: 0)
                try await send(tables)
                #expect(try tables.lines == present(), "\(fault) at \(number)")
            }
        }
    }

    @Test("After any sequence of faults, records and resends the tables have the present figures", arguments: 1...4)
    func sequences(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let tables = try await MemoryTables()
        let rounds = Self.isFull ? 125 : 10
        for _ in 0..<rounds {
            try await record(Int.random(in: 0..<4, using: &random), Bool.random(using: &random) ? "make" : "git")
            tables.fail(Fault.allCases.randomElement(using: &random), at: Int.random(in: 0..<13, using: &random))
            do { try await send(tables) } catch is SyncError {}
            try requireConfirmedDays(tables)
        }
        tables.fail(nil, at: 0)
        try await send(tables)
        #expect(try tables.lines == present())
    }
}

/// The tables of aggregates in the memory of a server that speaks as ClickHouse does.
private final class MemoryTables: Sendable {
    private struct State {
        var lines: Set<[String]> = []
        var versions: [String: Int64] = [:]
        var tables: Set<String> = []
        var hasVersion = false
        var fault: DayFaultTests.Fault?
        /// Requests before the one with the fault.
        var left = 0
    }

    private final class Store: Sendable {
        let state = Mutex(State())
    }

    private let store: Store
    private let server: RespondingServer

    init() async throws {
        let store = Store()
        self.store = store
        server = try await RespondingServer { request, _ in
            store.state.withLock { Self.respond(to: request, &$0) }
        }
    }

    var url: String { "clickhouse://127.0.0.1:\(server.port)/telemetry" }

    func fail(_ fault: DayFaultTests.Fault?, at number: Int) {
        store.state.withLock { ($0.fault, $0.left) = (fault, number) }
    }

    func version(of day: String) -> Int64? { store.state.withLock { $0.versions[day] } }

    /// What a report reads: the lines of the highest version of each day, with 0 in place of the version.
    var lines: Set<String> {
        store.state.withLock { state in
            Set(
                state.lines.filter { Int64($0[2]) == state.versions[$0[1]] }.map { line in
                    (line[..<2] + ["0"] + line[3...]).joined(separator: "\t")
                })
        }
    }

    private static func respond(to request: RespondingServer.Request, _ state: inout State) -> RespondingServer.Response
    {
        guard let fault = state.fault else { return answer(to: request, &state) }
        state.left -= 1
        guard state.left < 0 else { return answer(to: request, &state) }
        state.fault = nil
        switch fault {
        case .refused: return .answer(400, [:], "Code: 62. DB::Exception: Syntax error")
        case .busy: return .answer(503)
        case .page: return .answer(200, [:], "<html>Log in</html>")
        case .exceptionWithSuccess: return .answer(200, [:], "Code: 60. DB::Exception: no such table")
        case .redirected: return .answer(302, ["Location": "/login"])
        case .cut: return .cut
        case .lostAnswer:
            _ = answer(to: request, &state)
            return .cut
        }
    }

    private static func answer(to request: RespondingServer.Request, _ state: inout State) -> RespondingServer.Response
    {
        let statement = request.statement
        func has(_ isThere: Bool) -> RespondingServer.Response { .answer(200, [:], isThere ? "1\n" : "0\n") }
        if statement.contains("intDiv") {
            let numbers = statement.split { !$0.isNumber }.compactMap { UInt64($0) }
            return .answer(200, [:], "\(numbers[1] / numbers[2])\t\(String("\(numbers[1])".reversed()))\tUInt16\n")
        }
        let words = statement.split { $0.isWhitespace || $0 == "(" }.map(String.init)
        if statement.hasPrefix("EXISTS TABLE") { return has(state.tables.contains(words[2])) }
        if statement.hasPrefix("CREATE TABLE") { state.tables.insert(words[5]) }
        if statement.contains("max(version)") { return has(state.hasVersion) }
        if request.method == "GET" { return has(false) }
        guard statement.hasPrefix("INSERT INTO") else { return .answer(200) }
        let rows = String(decoding: request.body, as: UTF8.self).split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
        switch words[2] {
        case "telemetry.nexus_daily": state.lines.formUnion(rows)
        case "telemetry.nexus_daily_versions":
            for row in rows { state.versions[row[1]] = max(state.versions[row[1]] ?? 0, Int64(row[2]) ?? 0) }
        default: state.hasVersion = true
        }
        return .answer(200)
    }
}
