import Application
import Core
import Database
import DatabaseTesting
import GRDB
import SystemSupport
import TestSupport
import Testing

struct SessionTests {
    private let folder: TemporaryFolder
    private var data: DataFolder { folder.data }
    /// 2026-11-23T12:00:00Z.
    private let noon: Int64 = 1_795_435_200_000

    init() throws {
        folder = try TemporaryFolder()
    }

    private func drain(now: Int64) async throws {
        let lock = try AnotherWriter.waitedFor(in: data)
        let writer = try SQLiteWriter(data: data, lock: lock, clock: ManualWallClock(now))
        _ = try await writer.drain()
        try await writer.finish()
    }

    private func line(at time: Int64, type: String = "command") -> String {
        #"{"timestamp":\#(time),"session_id":"s","event_type":"\#(type)"}"#
    }

    private func session() throws -> (end: String?, durationMS: Int?) {
        let row = try #require(try Tables(data).rows("SELECT ended_at, duration_ms FROM sessions").first)
        return (row[0], row[1])
    }

    @Test("A session with a recent event has no end yet")
    func open() async throws {
        var filler = BufferFiller(data)
        try filler.append([line(at: noon), line(at: noon + 60_000)])
        try await drain(now: noon + 120_000)
        #expect(try session() == (end: nil, durationMS: nil))
    }

    @Test("A session ends with its last event after half an hour without events")
    func idle() async throws {
        var filler = BufferFiller(data)
        try filler.append([line(at: noon), line(at: noon + 60_000)])
        try await drain(now: noon + 120_000)
        try await drain(now: noon + 60_000 + Limits.sessionIdleMilliseconds)
        #expect(try session() == ("2026-11-23 12:01:00.000", 60_000))
        #expect(try Tables(data).number("SELECT count(*) FROM open_sessions") == 0)
    }

    @Test("A session lasts to the end of its last command, and idle time counts from there")
    func commandEnd() async throws {
        var filler = BufferFiller(data)
        let long = #"{"timestamp":\#(noon),"session_id":"s","command":"make","duration_ms":3600000}"#
        try filler.append([long, line(at: noon + 60_000)])
        let end = noon + 3_600_000
        try await drain(now: end + Limits.sessionIdleMilliseconds - 1)
        #expect(try session() == (end: nil, durationMS: nil))
        try await drain(now: end + Limits.sessionIdleMilliseconds)
        #expect(try session() == ("2026-11-23 13:00:00.000", 3_600_000))
        let tables = try Tables(data)
        #expect(try tables.sessionDifferences().isEmpty)
        #expect(try tables.sessionLengthDifferences(try #require(try StoreReader(data: data))).isEmpty)
    }

    @Test("A session ends immediately with an event that ends it")
    func ended() async throws {
        var filler = BufferFiller(data)
        try filler.append([line(at: noon), line(at: noon + 5000, type: "session_ended")])
        try await drain(now: noon + 5000)
        #expect(try session() == ("2026-11-23 12:00:05.000", 5000))
    }

    @Test("A late event extends an ended session")
    func late() async throws {
        var filler = BufferFiller(data)
        try filler.append([line(at: noon), line(at: noon + 5000, type: "session_ended")])
        try await drain(now: noon + 5000)
        try filler.append([line(at: noon - 5000)])
        try await drain(now: noon + 6000)
        #expect(try session() == ("2026-11-23 12:00:05.000", 10_000))
        try filler.append([line(at: noon + 60_000)])
        try await drain(now: noon + 60_001)
        #expect(try session() == (end: nil, durationMS: nil))
        #expect(try Tables(data).sessionLengthDifferences(try #require(try StoreReader(data: data))).isEmpty)
    }
}
