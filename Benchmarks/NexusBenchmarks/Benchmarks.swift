import Benchmark

/// Events in one run of the benchmarks that take many at a time.
let events = 10_000

// Names are those of the files in `Thresholds`, so that they hold nothing that a file's name may not.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock], maxDuration: .seconds(3), maxIterations: 1000,
        // Machines are shared, and differ: worse is what takes more than twice as long as the threshold says.
        thresholds: [.wallClock: .init(relative: [.p90: 100])])
    addIntake()
    addStorage()
    addReading()
    addRecording()
}
