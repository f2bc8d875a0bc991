import Core
import Foundation
import SystemSupport
import TestSupport

/// Another program holds a read transaction open for minutes while the service accepts 10,000 events a second.
struct PinnedMode: Mode {
    let name = "pinned"
    let bar = "a reader pinned for 10 minutes at 10,000 events/s: WAL under its cap, p99 of recording at most doubled"

    private static let batch = 100
    /// The seconds from the start of a batch to the start of the next batch. It gives 10,000 events a second.
    private static let interval = 0.01

    private struct Phase {
        /// The milliseconds from the planned start of each batch to its acknowledgement. If a batch has to wait for the
        /// previous batch, the wait is included.
        var latencies: [Double] = []
        /// The maximum size of the WAL, in bytes.
        var longestLog = 0

        func quantile(_ share: Double) -> Double {
            let sorted = latencies.sorted()
            return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
        }
    }

    func run(_ settings: Settings) throws -> Verdict {
        let seconds = settings.count(600, least: 3)
        let systemState = try SystemState(settings.programs, seed: settings.seed)
        let client = try systemState.startedService().client()
        var sent = 0
        let before = try record(for: min(60, seconds), systemState, client, &sent)

        let reader = try systemState.testEnvironment.start(
            [try Programs.find("sqlite3"), "-readonly", systemState.testEnvironment.data.databasePath], input: .pipe,
            output: .pipe)
        reader.send(Array("BEGIN; SELECT count(*) FROM events;\n".utf8))
        try requireAnswer(1, of: reader)
        let during = try record(for: seconds, systemState, client, &sent)
        // The reader must see the same number of events as before.
        reader.send(Array("SELECT count(*) FROM events;\n".utf8))
        try requireAnswer(2, of: reader)
        guard reader.lines[0] == reader.lines[1] else { throw InvariantViolation("the reader saw \(reader.lines)") }
        reader.kill()

        // Millions of events are pending now.
        let start = Date()
        try systemState.testEnvironment.flush(attempts: 120)
        let catchingUp = Date().timeIntervalSince(start)
        try systemState.checkStored()
        try systemState.stopService()
        guard during.longestLog > 0 else { throw InvariantViolation("there was no WAL") }
        let cap = Limits.walBytes
        let (old, new) = (before.quantile(0.99), during.quantile(0.99))
        return Verdict(
            String(
                format:
                    "%d s, WAL at most %d MiB of %d, p99 of a batch %.2f ms, with the reader %.2f ms: %.1f times; all %d "
                    + "events stored %.0f s later", seconds, during.longestLog >> 20, cap >> 20, old, new, new / old,
                systemState.model.acknowledged.count, catchingUp),
            isMet: during.longestLog <= cap && new <= 2 * old)
    }

    private func requireAnswer(_ number: Int, of reader: Child) throws {
        guard try reader.exchange(thenCloses: false, until: { reader.lines.count >= number }) else {
            throw InvariantViolation("the reader ended: \(reader.errors)")
        }
    }

    private func record(
        for seconds: Int, _ systemState: SystemState, _ client: UnixClient, _ sent: inout Int
    ) throws -> Phase {
        var phase = Phase()
        let start = ContinuousClock.now
        let batches = seconds * Int(1 / Self.interval)
        for batch in 0..<batches {
            let numbers = systemState.model.take(Self.batch)
            let lines = Array(Model.lines(numbers).utf8)
            let due = start + .seconds(Double(batch) * Self.interval)
            let rest = due - .now
            if rest > .zero { usleep(useconds_t(rest / .microseconds(1))) }
            try client.send(lines)
            sent += Self.batch
            guard try client.acknowledgement(of: sent).counts.accepted == sent else {
                throw InvariantViolation("a batch is lost")
            }
            phase.latencies.append((.now - due) / .milliseconds(1))
            systemState.model.acknowledge(numbers)
            if batch % 50 == 49 { phase.longestLog = max(phase.longestLog, try logBytes(of: systemState)) }
        }
        let late = (ContinuousClock.now - start) / .seconds(1) - Double(seconds)
        guard late < 0.01 * Double(seconds) + 0.1 else {
            throw InvariantViolation("\(batches) batches took \(late) s longer than at 10,000 events a second")
        }
        return phase
    }

    /// Returns the size of the WAL.
    private func logBytes(of systemState: SystemState) throws -> Int {
        let log = try FileManager.default.attributesOfItem(
            atPath: systemState.testEnvironment.data.databasePath + "-wal")
        guard let bytes = log[.size] as? Int else { throw InvariantViolation("the length of the WAL is unknown") }
        return bytes
    }
}
