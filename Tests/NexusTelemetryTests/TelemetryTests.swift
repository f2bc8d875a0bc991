import Core
import Foundation
import TestSupport
import Testing

@testable import NexusTelemetry

@Suite(.timeLimit(.minutes(5)))
struct TelemetryTests {
    @Test("Events of many concurrent threads are on disk exactly once")
    func manyThreads() async throws {
        let fixture = try TelemetryFixture()
        let telemetry = fixture.telemetry
        await withDiscardingTaskGroup { group in
            for thread in 0..<8 {
                group.addTask {
                    for number in 0..<2500 {
                        await telemetry.recordWaitingForRoom(TelemetryFixture.event(thread * 2500 + number))
                    }
                }
            }
        }
        try await telemetry.flush()
        let recorded = try fixture.recorded
        #expect(recorded.times.count == 20_000 && recorded.times.values.allSatisfy { $0 == 1 })
        #expect(telemetry.counters.written == 20_000 && telemetry.counters.pending == 0)
        #expect(telemetry.counters.dropped == 0)
    }

    @Test("Events are written without a flush")
    func byTime() async throws {
        let fixture = try TelemetryFixture()
        fixture.telemetry.record(TelemetryFixture.event(1))
        while fixture.telemetry.counters.written == 0 { try await Task.sleep(for: .milliseconds(1)) }
        #expect(try fixture.recorded.count == 1)
        // And again: one wake-up was not the last.
        fixture.telemetry.record(TelemetryFixture.event(2))
        while fixture.telemetry.counters.written == 1 { try await Task.sleep(for: .milliseconds(1)) }
        #expect(try fixture.recorded.count == 2)
    }

    @Test("Every field arrives as it was given, with names as hashes")
    func fields() async throws {
        let fixture = try TelemetryFixture()
        var event = TelemetryEvent(type: "deploy")
        event.command = "make all --secret=1"
        event.duration = .microseconds(12_999)
        event.success = false
        event.errorCategory = "timeout"
        event.workspace = "client"
        event.task = "offer"
        event.template = "web"
        event.services = 3
        event.ports = 2
        event.session = "mine"
        event.timestamp = 1_700_000_000_000
        fixture.telemetry.record(event)
        try await fixture.telemetry.flush()
        let recorded = try fixture.recorded
        let record = try #require(recorded.records.first)
        #expect(record.timestamp == 1_700_000_000_000 && record.durationMS == 12 && record.success == false)
        #expect(record.servicesCount == 3 && record.portsUsed == 2)
        #expect(record.workspaceHash.count == 32 && record.taskHash.count == 32)
        #expect(record.eventType.count == "deploy".utf8.count && record.sessionID.count == "mine".utf8.count)
        #expect(record.errorCategory.count == "timeout".utf8.count && record.templateUsed.count == "web".utf8.count)
        #expect(recorded.commands == ["make all"] && recorded.rejections[.cutCommand] == 1)
    }

    @Test("An event without a time happened when it was recorded")
    func time() async throws {
        let fixture = try TelemetryFixture()
        let before = Int64(Date().timeIntervalSince1970 * 1000) - 1
        fixture.telemetry.record(.sessionStarted())
        let after = Int64(Date().timeIntervalSince1970 * 1000) + 1
        try await fixture.telemetry.shutdown()
        let time = try #require(try fixture.recorded.records.first?.timestamp)
        #expect(time >= before && time <= after)
    }

    @Test("An event with a duration and without a time began its duration before it was recorded")
    func timeOfStart() async throws {
        let fixture = try TelemetryFixture()
        let minute: Int64 = 60_000
        let before = Int64(Date().timeIntervalSince1970 * 1000) - 1
        fixture.telemetry.record(.command("make", duration: .milliseconds(minute)))
        let after = Int64(Date().timeIntervalSince1970 * 1000) + 1
        var event = TelemetryEvent.command("make", duration: .milliseconds(minute))
        event.timestamp = 1_700_000_000_000
        fixture.telemetry.record(event)
        try await fixture.telemetry.shutdown()
        let times = try fixture.recorded.records.map(\.timestamp).sorted()
        #expect(times.count == 2 && times.first == 1_700_000_000_000)
        let time = try #require(times.last)
        #expect(time >= before - minute && time <= after - minute)
    }

    @Test("Events that break a rule are counted by rule, in the API and in the database")
    func rejected() async throws {
        let fixture = try TelemetryFixture()
        let telemetry = fixture.telemetry
        telemetry.record(.command("make", duration: .seconds(-1)))
        telemetry.record(.command("make", duration: .nanoseconds(-1)))
        telemetry.record(.command("make", duration: .seconds(400 * 24 * 3600)))
        telemetry.record(TelemetryEvent(type: ""))
        telemetry.record(TelemetryEvent(type: "two words"))
        telemetry.record(.command("deploy ghp_0123456789abcdef"))
        telemetry.record(TelemetryEvent(type: "ghp_0123456789abcdef"))
        telemetry.record(.command("make", workspace: String(repeating: "x", count: 100_000)))
        telemetry.record(.command("make"))
        try await telemetry.flush()
        let counters = telemetry.counters
        #expect(counters.recorded == 9 && counters.written == 2 && counters.pending == 0)
        #expect(
            counters.rejected == [.outOfRange: 3, .missingType: 1, .invalidText: 2, .looksSecret: 1])
        #expect(counters.redactedValues == 1)
        let rejections = try fixture.recorded.rejections
        #expect(rejections.rejected == 7 && rejections[.rejected(.outOfRange)] == 3 && rejections[.redactedValue] == 1)
        #expect(try fixture.recorded.commands == ["deploy", "make"])
    }

    @Test("A command longer than the checked length is truncated, and never inside a word")
    func longCommand() async throws {
        let fixture = try TelemetryFixture()
        fixture.telemetry.record(.command("swift build " + String(repeating: "--flag ", count: 10_000)))
        let blanks = String(repeating: " ", count: Limits.nameBytes - 2 - "make".utf8.count)
        fixture.telemetry.record(.command("make" + blanks + String(repeating: "secret", count: 10)))
        try await fixture.telemetry.flush()
        #expect(try fixture.recorded.commands == ["swift build", "make"])
    }

    @Test("Raw names are never on disk")
    func names() async throws {
        let fixture = try TelemetryFixture()
        for _ in 0..<1000 {
            fixture.telemetry.record(.workspaceCreated("confidential-client", template: "web", services: 2, ports: 1))
            fixture.telemetry.record(.taskCompleted("acquire the competitor", workspace: "confidential-client"))
        }
        try await fixture.telemetry.shutdown()
        let bytes = Data(try fixture.folder.allBytes())
        #expect(try fixture.recorded.count == 2000)
        #expect(bytes.range(of: Data("confidential-client".utf8)) == nil)
        #expect(bytes.range(of: Data("acquire the competitor".utf8)) == nil)
    }

    @Test(
        "Nothing is written and nothing counted with recording off",
        arguments: ["NEXUS_TELEMETRY": "off", "DO_NOT_TRACK": "1"])
    func off(name: String, value: String) async throws {
        let fixture = try TelemetryFixture(environment: [name: value])
        #expect(fixture.telemetry.record(TelemetryFixture.event(1)) == .off)
        #expect(await fixture.telemetry.recordWaitingForRoom(TelemetryFixture.event(1)) == .off)
        #expect(fixture.telemetry.measure("make") { 7 } == 7)
        try await fixture.telemetry.flush()
        try await fixture.telemetry.shutdown()
        #expect(!fixture.telemetry.isRecording && fixture.telemetry.counters == TelemetryCounters())
        #expect(try FileManager.default.subpathsOfDirectory(atPath: fixture.folder.path).isEmpty)
    }
}
