import Benchmark

/// What reports and snapshots are made of.
func addReading() {
    Benchmark("quantiles.count") { benchmark in
        let subject = QuantileSubject(durations: events, parts: 1)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(subject.count()) }
    }

    // A month of 15-minute buckets, as a report without days of its own would read.
    Benchmark("quantiles.merge") { benchmark in
        let subject = QuantileSubject(durations: events, parts: 30 * 24 * 4)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { blackHole(subject.merge()) }
    }

    Benchmark("lz4.export") { benchmark in
        let folder = try ScratchFolder()
        let subject = try await SnapshotSubject(events: events * 10, path: folder.path)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { try await subject.export() }
        benchmark.stopMeasurement()
    }

    Benchmark("lz4.verify") { benchmark in
        let folder = try ScratchFolder()
        let subject = try await SnapshotSubject(events: events * 10, path: folder.path)
        try await subject.export()
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { try await subject.verify() }
        benchmark.stopMeasurement()
    }
}
