import Benchmark

/// From records to the disk and into the database, ten thousand at a time.
func addStorage() {
    Benchmark("ring") { benchmark in
        let folder = try ScratchFolder()
        let subject = RingSubject(path: folder.path)
        try await subject.run(batches: 1)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { try await subject.run(batches: events) }
        benchmark.stopMeasurement()
    }

    Benchmark("append") { benchmark in
        let folder = try ScratchFolder()
        let subject = AppendSubject(events: events, path: folder.path)
        try subject.run()
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { try subject.run() }
        benchmark.stopMeasurement()
    }

    Benchmark("drain") { benchmark in
        let folder = try ScratchFolder()
        let subject = try DrainSubject(events: events, path: folder.path)
        try subject.prepare()
        benchmark.startMeasurement()
        let drained = try await subject.run()
        benchmark.stopMeasurement()
        precondition(drained == events)
    }

    Benchmark("rollup") { benchmark in
        let folder = try ScratchFolder()
        let subject = try await RollupSubject(events: events, path: folder.path)
        benchmark.startMeasurement()
        for _ in benchmark.scaledIterations { try await subject.run() }
        benchmark.stopMeasurement()
    }
}
