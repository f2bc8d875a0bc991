import Application
import Core
import Database
import NexusTelemetry
import SystemSupport
import TestSupport
import Testing

/// What happens when events come faster than they can be written: here a disk that takes nothing stands in for that.
@Suite(.timeLimit(.minutes(5)))
struct FullBufferTests {
    @Test("Events beyond the capacity are dropped and counted, and the others are stored once")
    func drops() async throws {
        let fixture = try TelemetryFixture(bufferBytes: 64 * 1024)
        try fixture.obstruct()
        var calls = 0
        while fixture.telemetry.counters.dropped < 100 {
            fixture.telemetry.record(TelemetryFixture.event(calls))
            calls += 1
        }
        let counters = fixture.telemetry.counters
        #expect(counters.recorded + counters.dropped == calls && counters.written == 0)
        await #expect(throws: TelemetryError.self) { try await fixture.telemetry.flush() }

        try fixture.clear()
        try await fixture.telemetry.flush()
        #expect(fixture.telemetry.counters.written == counters.recorded)
        let recorded = try fixture.recorded
        #expect(recorded.times.count == counters.recorded && recorded.count == counters.recorded)
        #expect(recorded.rejections[.droppedEvent] == counters.dropped)
        #expect(try EventCounters(pendingIn: fixture.folder.data).droppedEvents == counters.dropped)
    }

    @Test("The counted drops reach the database")
    func dropsInDatabase() async throws {
        let fixture = try TelemetryFixture(bufferBytes: 64 * 1024)
        try fixture.obstruct()
        while fixture.telemetry.counters.dropped < 5 { fixture.telemetry.record(TelemetryFixture.event(1)) }
        try fixture.clear()
        try await fixture.telemetry.shutdown()
        guard let lock = try WriterLock.acquire(in: fixture.folder.data) else {
            throw AnotherWriter()
        }
        let writer = try SQLiteWriter(data: fixture.folder.data, lock: lock)
        _ = try await writer.drain()
        let reader = try #require(try StoreReader(data: fixture.folder.data))
        let eventCounters = try reader.eventCounters()
        #expect(
            eventCounters.droppedEvents == 5 && eventCounters.stored == fixture.telemetry.counters.written
                && eventCounters.balance)
    }

    @Test("A caller that waits for capacity is blocked and loses nothing")
    func waiting() async throws {
        let fixture = try TelemetryFixture(bufferBytes: 64 * 1024)
        let telemetry = fixture.telemetry
        try fixture.obstruct()
        _ = fixture.fill()
        let before = telemetry.counters
        let waiting = Task {
            var outcomes: [RecordOutcome] = []
            for number in 0..<5000 {
                outcomes.append(await telemetry.recordWaitingForRoom(TelemetryFixture.event(100_000 + number)))
            }
            return outcomes
        }
        try fixture.clear()
        try await telemetry.flush()
        #expect(await waiting.value.allSatisfy { $0 == .recorded })
        try await telemetry.flush()
        #expect(telemetry.counters.written == before.recorded + 5000)
        #expect(telemetry.counters.dropped == before.dropped)
        #expect(try fixture.recorded.times.filter { $0.key >= 100_000 }.count == 5000)
    }

    @Test("A cancelled wait ends, and the event counts as dropped")
    func cancelled() async throws {
        let fixture = try TelemetryFixture(bufferBytes: 64 * 1024)
        let telemetry = fixture.telemetry
        try fixture.obstruct()
        // Once the worker holds what it could not append, it takes nothing more, and the other half stays full.
        telemetry.record(TelemetryFixture.event(0))
        await #expect(throws: TelemetryError.self) { try await telemetry.flush() }
        _ = fixture.fill()
        let before = telemetry.counters.dropped
        let waiting = Task { await telemetry.recordWaitingForRoom(TelemetryFixture.event(1)) }
        try await Task.sleep(for: .milliseconds(5))
        waiting.cancel()
        #expect(await waiting.value == .dropped)
        #expect(telemetry.counters.dropped == before + 1)
    }

    @Test("A shutdown ends the wait, and the event counts as refused")
    func shutDown() async throws {
        let fixture = try TelemetryFixture(bufferBytes: 64 * 1024)
        let telemetry = fixture.telemetry
        try fixture.obstruct()
        telemetry.record(TelemetryFixture.event(0))
        await #expect(throws: TelemetryError.self) { try await telemetry.flush() }
        _ = fixture.fill()
        let waiting = Task { await telemetry.recordWaitingForRoom(TelemetryFixture.event(1)) }
        try await Task.sleep(for: .milliseconds(5))
        await #expect(throws: TelemetryError.self) { try await telemetry.shutdown() }
        #expect(await waiting.value == .refused)
        #expect(telemetry.counters.refused == 1)
    }
}

/// Another process writes the test's own database.
private struct AnotherWriter: Error {}
