import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@testable import NexusTelemetry

@Suite(.timeLimit(.minutes(5)))
struct LifetimeTests {
    @Test("A shutdown writes all earlier events, and later ones are refused and counted")
    func shutdown() async throws {
        let fixture = try TelemetryFixture()
        for number in 0..<100 { fixture.telemetry.record(TelemetryFixture.event(number)) }
        try await fixture.telemetry.shutdown()
        #expect(try fixture.recorded.count == 100)
        #expect(fixture.telemetry.record(TelemetryFixture.event(100)) == .refused)
        #expect(await fixture.telemetry.recordWaitingForRoom(TelemetryFixture.event(101)) == .refused)
        try await fixture.telemetry.shutdown()
        #expect(try fixture.recorded.count == 100)
        #expect(fixture.telemetry.counters.refused == 2 && fixture.telemetry.counters.recorded == 100)
    }

    @Test("Many concurrent flushes and shutdowns lose no event and duplicate none")
    func concurrentCalls() async throws {
        let fixture = try TelemetryFixture()
        let telemetry = fixture.telemetry
        try await withThrowingDiscardingTaskGroup { group in
            for thread in 0..<20 {
                group.addTask {
                    for number in 0..<50 {
                        telemetry.record(TelemetryFixture.event(thread * 50 + number))
                        if number % 10 == 0 { try await telemetry.flush() }
                    }
                    if thread > 10 { try await telemetry.shutdown() }
                }
            }
        }
        let counters = telemetry.counters
        #expect(counters.recorded + counters.refused == 1000 && counters.written == counters.recorded)
        let recorded = try fixture.recorded
        #expect(recorded.count == counters.recorded && recorded.times.values.allSatisfy { $0 == 1 })
    }

    @Test("A shutdown that cannot write throws, and another one writes")
    func failedShutdown() async throws {
        let fixture = try TelemetryFixture()
        try fixture.obstruct()
        fixture.telemetry.record(TelemetryFixture.event(1))
        let error = await #expect(throws: TelemetryError.self) { try await fixture.telemetry.shutdown() }
        #expect(error?.code == .inputOutput && error?.cause != nil)
        #expect(error?.message.contains(fixture.folder.data.bufferFolder.path) == true)
        try fixture.clear()
        try await fixture.telemetry.shutdown()
        #expect(try fixture.recorded.count == 1)
    }

    @Test("Events whose fsync failed are not written again, and every later flush throws")
    func uncertain() async throws {
        let folder = try TemporaryFolder()
        var options = Telemetry.Options()
        options.dataFolder = folder.data.folder.path
        options.durable = true
        let telemetry = try Telemetry(options)
        try folder.data.bufferFolder.prepare()
        // A link is followed on the way to the buffer, and not when the data folder itself is to be put on disk.
        let elsewhere = folder.path + "/elsewhere"
        try FileManager.default.moveItem(atPath: folder.data.folder.path, toPath: elsewhere)
        try FileManager.default.createSymbolicLink(atPath: folder.data.folder.path, withDestinationPath: elsewhere)
        telemetry.record(TelemetryFixture.event(1))
        for _ in 0..<3 { await #expect(throws: TelemetryError.self) { try await telemetry.flush() } }
        await #expect(throws: TelemetryError.self) { try await telemetry.shutdown() }
        #expect(try RecordedEvents(in: folder.data).count == 1)
        #expect(telemetry.counters.written == 1 && telemetry.counters.pending == 0)
    }

    @Test("Recorded events are written when the telemetry is released without a shutdown")
    func released() async throws {
        let folder = try TemporaryFolder()
        func record() throws {
            var options = Telemetry.Options()
            options.dataFolder = folder.data.folder.path
            try Telemetry(options).record(TelemetryFixture.event(1))
        }
        try record()
        while try RecordedEvents(in: folder.data).count == 0 { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test("A missing data folder and a broken key are errors")
    func setUpErrors() throws {
        #expect { try Telemetry(Telemetry.Options()) { _ in nil } } throws: { error in
            (error as? TelemetryError)?.code == .noDataFolder
        }
        let folder = try TemporaryFolder()
        try folder.data.folder.prepare()
        try File(opening: folder.data.keyPath, [.write, .create]).write("short")
        var options = Telemetry.Options()
        options.dataFolder = folder.data.folder.path
        #expect { try Telemetry(options) { _ in nil } } throws: { error in
            (error as? TelemetryError)?.code == .damagedKey
        }
    }

    @Test("A measurement records duration and outcome of the work")
    func measure() async throws {
        let fixture = try TelemetryFixture()
        let telemetry = fixture.telemetry
        #expect(telemetry.measure("quick") { 7 } == 7)
        let value = try await telemetry.measure("slow") {
            try await Task.sleep(for: .milliseconds(20))
            return 8
        }
        #expect(value == 8)
        #expect(throws: CocoaError.self) { try telemetry.measure("broken") { throw CocoaError(.fileNoSuchFile) } }
        await #expect(throws: CancellationError.self) {
            try await telemetry.measure("stopped") { () async throws in throw CancellationError() }
        }
        try await telemetry.flush()
        let recorded = try fixture.recorded
        #expect(recorded.commands == ["quick", "slow", "broken", "stopped"])
        #expect(recorded.records.map(\.success) == [true, true, false, false])
        #expect(try #require(recorded.records[1].durationMS) >= 20)
        #expect(recorded.records[2].errorCategory.isEmpty && !recorded.records[3].errorCategory.isEmpty)
    }
}

/// A real process that a real `kill -9` ends.
struct TelemetryKillTests {
    private static let probe = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "TelemetryProbe")

    @Test("A program killed while it records loses no flushed event, duplicates none, and leaks no name")
    func kill() throws {
        for flushed in [1, 100, 5000] {
            let folder = try TemporaryFolder()
            let process = Process()
            process.executableURL = Self.probe
            process.arguments = [folder.data.folder.path, String(flushed)]
            // With PATH and its options a sanitizer applies to the program too, and can name what it finds.
            let passed = ProcessInfo.processInfo.environment.filter {
                ["PATH", "TSAN_OPTIONS", "ASAN_OPTIONS"].contains($0.key)
            }
            process.environment = passed.merging(["NEXUS_SESSION": "test"]) { $1 }
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            #expect(output.fileHandleForReading.availableData == Data("flushed\n".utf8))
            Thread.sleep(forTimeInterval: 0.05)
            Foundation.kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()

            let recorded = try RecordedEvents(in: folder.data)
            #expect((0..<flushed).allSatisfy { recorded.times[$0] == 1 })
            #expect(recorded.times.values.allSatisfy { $0 == 1 })
            let bytes = Data(try folder.allBytes())
            #expect(bytes.range(of: Data("confidential-client-workspace".utf8)) == nil)
            #expect(bytes.range(of: Data("acquire the competitor".utf8)) == nil)
        }
    }
}
