import Benchmark

/// From lines of JSON to records, ten thousand at a time.
func addIntake() {
    Benchmark("decoding") { benchmark in
        var subject = DecodingSubject(lines: events)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { subject.run() }
    }

    // Names, sessions and commands that were never seen: each is hashed or judged afresh.
    Benchmark("guard") { benchmark in
        var subject = GuardSubject(lines: events)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(subject.run()) }
    }

    // All of it: decode, guard, encode, as a stream has it, where most names come again.
    Benchmark("intake") { benchmark in
        var subject = IntakeSubject(lines: events)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(subject.run()) }
    }
}
