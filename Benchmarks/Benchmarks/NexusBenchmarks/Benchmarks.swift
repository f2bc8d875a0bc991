import Benchmark
import BenchmarkSubjects
import Foundation
import NexusTelemetry

/// Events in one run of the benchmarks that take many at a time.
private let events = 10_000

let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .throughput, .peakMemoryResident], maxDuration: .seconds(5), maxIterations: 1000)
    addIntake()
    addStorage()
    addRecording()
}

/// From lines of JSON to records.
private func addIntake() {
    Benchmark("decode \(events) lines") { benchmark in
        var subject = DecodingSubject(lines: events)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { subject.run() }
    }

    Benchmark("intake of \(events) lines: decode, guard, encode") { benchmark in
        var subject = IntakeSubject(lines: events)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(subject.run()) }
    }
}

/// From records to the disk and into the database.
private func addStorage() {
    Benchmark("append \(events) events to the write-ahead buffer") { benchmark in
        let folder = try ScratchFolder()
        let subject = AppendSubject(events: events, path: folder.path)
        try subject.run()
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { try subject.run() }
        benchmark.stopMeasurement()
    }

    Benchmark("drain \(events) events to SQLite") { benchmark in
        let folder = try ScratchFolder()
        let subject = try DrainSubject(events: events, path: folder.path)
        try subject.prepare()
        benchmark.startMeasurement()
        let drained = try await subject.run()
        benchmark.stopMeasurement()
        precondition(drained == events)
    }
}

/// What a call of the library costs a program, against the system call that it spares it.
private func addRecording() {
    // A thousand calls a measurement, so that reading the clock does not count; fewer than fill the memory for events,
    // so that every call records.
    Benchmark("record an event", configuration: .init(scalingFactor: .kilo)) { benchmark in
        let folder = try ScratchFolder()
        var options = Telemetry.Options()
        options.dataFolder = folder.path
        let telemetry = try Telemetry(options)
        telemetry.record(sample)
        try await telemetry.flush()
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { telemetry.record(sample) }
        benchmark.stopMeasurement()
        precondition(telemetry.counters.dropped == 0)
        try await telemetry.shutdown()
    }

    Benchmark("write(2) 200 bytes, to compare", configuration: .init(scalingFactor: .kilo)) { benchmark in
        let folder = try ScratchFolder()
        let descriptor = open(folder.path + "/file", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        precondition(descriptor >= 0)
        let bytes = [UInt8](repeating: 7, count: 200)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(write(descriptor, bytes, bytes.count)) }
        benchmark.stopMeasurement()
        close(descriptor)
    }
}

/// An event with the fields that a program usually has.
private let sample = TelemetryEvent.command(
    "swift build", duration: .milliseconds(1234), success: true, workspace: "client-site", task: "build the release")

/// A folder of a benchmark's own, removed when the value goes.
private final class ScratchFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "nexus-benchmark-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
