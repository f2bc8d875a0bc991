import Benchmark
import Foundation
import NexusTelemetry

/// What a call of the library costs a program, against the system call that it spares it.
func addRecording() {
    // A thousand calls a measurement, so that reading the clock does not count; fewer than fill the memory for events,
    // so that every call records.
    Benchmark("record", configuration: perCall) { benchmark in
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

    Benchmark("write", configuration: perCall) { benchmark in
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

private var perCall: Benchmark.Configuration {
    var configuration = Benchmark.defaultConfiguration
    configuration.scalingFactor = .kilo
    return configuration
}

/// An event with the fields that a program usually has.
private let sample = TelemetryEvent.command(
    "swift build", duration: .milliseconds(1234), success: true, workspace: "client-site", task: "build the release")
