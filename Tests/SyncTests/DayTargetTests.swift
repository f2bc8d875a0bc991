import AsyncHTTPClient
import Core
import DatabaseTesting
import Foundation
import NIOHTTP1
import SystemSupport
import TestSupport
import Testing

@testable import Sync

@Suite("Days of aggregates sent to servers")
struct DayTargetTests {
    private let stored: StoredFolder
    private let source = String(repeating: "5", count: 32)
    private let waits = WaitLog()
    /// 2026-11-01.
    private static let firstDay: Int64 = 20_758

    init() throws {
        stored = try StoredFolder(now: (Self.firstDay + 40) * Timestamp.millisecondsPerDay)
    }

    private func record(_ days: Int...) async throws {
        try await stored.store(
            days.map { day in
                let time = (Self.firstDay + Int64(day)) * Timestamp.millisecondsPerDay + 5_000_000
                return #"{"timestamp":\#(time),"command":"make","duration_ms":12,"success":true}"#
            })
    }

    private func send(_ url: String, credentials: Credentials? = nil) async throws -> AggregateTransmission.Summary {
        let place = try Destination(url)
        let destination = AggregateDestination(place, source: source, allowed: nil)
        let address = try #require(place.address)
        let deadline = TransferDeadline(base: .seconds(60), bytesPerSecond: 1_000_000_000)
        let options = try WebOptions.load(for: address, deadline: deadline) { _ in nil }
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: WebConnection.configuration(options))
        let target: any DayTarget =
            if case .clickHouse(_, let database) = place {
                ClickHouseDayTarget(
                    ClickHouseConnection(
                        client, place, address, database: database, credentials: credentials, options: options))
            } else {
                WebDayTarget(client, place, address, credentials: credentials, options: options)
            }
        let plan = try #require(try AggregatePlan(destination, data: stored.data))
        let ledger = try Ledger.open(in: stored.data)
        guard let ledger else { throw SyncError.alreadySending }
        let transmission = AggregateTransmission(
            plan, to: destination, ledger: ledger, target: target, clock: ImmediateClock(waits),
            wallClock: stored.clock)
        let result: Result<AggregateTransmission.Summary, any Error>
        do {
            result = .success(try await SyncActor().send(transmission) { _ in })
        } catch {
            result = .failure(error)
        }
        try await client.shutdown()
        return try result.get()
    }

    private func failure(_ url: String) async throws -> SyncError? {
        do { _ = try await send(url) } catch let error as SyncError { return error }
        return nil
    }

    /// The days that the ledger has as confirmed.
    private func confirmed() throws -> [Int64] {
        var progress = LedgerProgress()
        _ = try LedgerReader.read(stored.data) { progress.observe($0) }
        return progress.days(of: source).filter { $0.value.isConfirmed }.keys.map { $0 - Self.firstDay }.sorted()
    }

    @Test("A server gets a file for each day, and another under the same name when the day changed")
    func files() async throws {
        try await record(0, 2)
        let server = try await RespondingServer(.answer(201))
        let url = "http://127.0.0.1:\(server.port)/store"
        let credentials = try Credentials(user: "me", password: "secret")
        #expect(try await send(url, credentials: credentials).days == 2)
        let names = [1, 3].map { "/store/nexus-daily-\(source)-2026-11-0\($0).tsv.lz4" }
        #expect(server.requests.map(\.uri) == names && server.methods == ["PUT", "PUT"])
        #expect(server.requests.allSatisfy { $0.headers["If-None-Match"].isEmpty })
        #expect(server.requests[0].headers["Authorization"].count == 1)
        #expect(try decoded(server.requests[0].body).hasSuffix("\tmake\tcommand\tsucceeded\t\t\t1\t12\t[12]\t[1]\n"))
        #expect(try await send(url).days == 0 && server.requests.count == 2)
        try await record(2)
        #expect(try await send(url).days == 1)
        #expect(server.requests.last?.uri == names[1])
        #expect(try decoded(server.requests[2].body).contains("\t2\t24\t"))
    }

    @Test(
        "An answer that does not confirm a file leaves the days unconfirmed, and the next run sends them",
        arguments: [
            RespondingServer.Response.answer(302, ["Location": "/login"]), .answer(500, [:], "broken"), .answer(403),
            .cut, .answer(202, [:], "<html>Log in</html>"),
        ])
    func refused(response: RespondingServer.Response) async throws {
        try await record(0, 1)
        let bad = try await RespondingServer { _, number in number == 0 ? .answer(201) : response }
        #expect(try await failure("http://127.0.0.1:\(bad.port)/store") != nil)
        #expect(try confirmed().isEmpty)
        let good = try await RespondingServer(.answer(201))
        #expect(try await send("http://127.0.0.1:\(good.port)/store").days == 2)
        #expect(try confirmed() == [0, 1])
    }

    @Test("A server that is busy once gets the days in the same run")
    func busy() async throws {
        try await record(0)
        let server = try await RespondingServer(.answer(503), .cut, .answer(201))
        #expect(try await send("http://127.0.0.1:\(server.port)/store").days == 1)
        #expect(waits.all.count == 2)
        #expect(try confirmed() == [0])
    }

    @Test("ClickHouse gets the lines and then the versions, in tables that are made where they are missing")
    func clickHouse() async throws {
        try await record(0, 1)
        let server = try await ClickHouseServer()
        #expect(try await send(server.url).days == 2)
        #expect(
            server.statements.dropFirst() == [
                "SELECT count()", "CREATE DATABASE", "EXISTS TABLE", "CREATE TABLE", "EXISTS TABLE", "CREATE TABLE",
                "EXISTS TABLE", "CREATE TABLE", "SELECT max(version)", "INSERT INTO", "INSERT INTO", "INSERT INTO",
            ])
        let inserts = server.requests.suffix(2).map {
            (statement: $0.statement, text: String(decoding: $0.body, as: UTF8.self))
        }
        #expect(inserts[0].statement.hasPrefix("INSERT INTO telemetry.nexus_daily (source, day, version, command,"))
        let version = (Self.firstDay + 40) * Timestamp.millisecondsPerDay
        let lines = inserts[0].text.split(separator: "\n")
        #expect(lines.count == 2 && lines[0].hasPrefix("\(source)\t2026-11-01\t\(version)\tmake\tcommand\t"))
        #expect(
            inserts[1].statement.hasPrefix("INSERT INTO telemetry.nexus_daily_versions (source, day, version, lines)"))
        #expect(
            inserts[1].text == "\(source)\t2026-11-01\t\(version)\t1\n\(source)\t2026-11-02\t\(version)\t1\n")
        #expect(try confirmed() == [0, 1])
    }

    @Test("Days whose version did not arrive are sent again with a higher one")
    func lostVersion() async throws {
        try await record(0)
        let bad = try await ClickHouseServer(hasTable: true) { statement in
            statement.contains("nexus_daily_versions (") ? .answer(200, [:], "<html>Log in</html>") : nil
        }
        let error = try await failure(bad.url)
        guard case .unexpectedAnswer = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try confirmed().isEmpty)
        let good = try await ClickHouseServer(hasTable: true)
        #expect(try await send(good.url).days == 1)
        let versions = [bad, good].map { server in
            String(decoding: server.requests.last?.body ?? [], as: UTF8.self).split(separator: "\t")[2]
        }
        #expect(try #require(Int64(versions[0])) + 1 == Int64(versions[1]))
        #expect(try confirmed() == [0])
    }

    @Test("Tables of a later version get nothing, and the error says so")
    func laterTables() async throws {
        try await record(0)
        let server = try await ClickHouseServer(hasTable: true) { statement in
            statement.contains("max(version)") ? .answer(200, [:], "7\n") : nil
        }
        guard case .newerTables = try await failure(server.url) else {
            Issue.record("days were sent")
            return
        }
        #expect(!server.statements.contains("INSERT INTO"))
        #expect(try confirmed().isEmpty)
    }

    @Test("A server that is not ClickHouse gets nothing")
    func notClickHouse() async throws {
        try await record(0)
        let server = try await ClickHouseServer { _ in .answer(200, [:], "Ok.\n") }
        guard case .notClickHouse = try await failure(server.url) else {
            Issue.record("days were sent")
            return
        }
        #expect(server.requests.count == 1)
        var lines = 0
        _ = try LedgerReader.read(stored.data) { _ in lines += 1 }
        #expect(lines == 0)
    }
}
