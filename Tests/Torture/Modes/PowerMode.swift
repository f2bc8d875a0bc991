import Core
import Foundation
import SystemSupport
import TestSupport

/// Cuts the power while programs record. Events that were acknowledged as durable must exist after the restart.
///
/// For events that were only accepted, the mode measures the loss: the age, at the cut, of the oldest acknowledged
/// event that is lost. It measures streams, programs with the Swift API, and all recorders while the service runs.
/// Without the service, the system decides when a single event reaches the disk, so this case is not measured.
struct PowerMode: Mode {
    let name = "power"
    let bar = "1,000 power cuts: 0 durable-acknowledged events lost; of accepted ones at most 50 ms worth"

    private static let cutsOnADisk = 50

    /// The sums over all cuts.
    private struct Sums {
        var cuts = 0
        /// The number of events that were acknowledged as durable.
        var durable = 0
        /// For each way to record accepted events, the loss in each cut: the age of the oldest lost event in
        /// milliseconds, or 0 if no event is lost.
        var losses: [String: [Double]] = [:]
    }

    func run(_ settings: Settings) throws -> Verdict {
        try Programs.requireRoot()
        let cuts = settings.count(1000, least: 6)
        var sums = Sums()
        var seed = settings.seed
        while sums.cuts < cuts {
            let testEnvironment = try PoweredEnvironment(settings.programs, seed: seed)
            for cut in 0..<min(Self.cutsOnADisk, cuts - sums.cuts) {
                do {
                    try self.cut(testEnvironment, &sums)
                } catch {
                    throw InvariantViolation("cut \(cut + 1) with --seed \(seed): \(error)")
                }
                sums.cuts += 1
            }
            sums.durable += testEnvironment.systemState.model.acknowledged.count
            seed &+= 1
        }
        let losses = sums.losses.sorted { $0.key < $1.key }
            .map { "\($0.key) \(Self.milliseconds($0.value.max() ?? 0))" }
        let all = sums.losses.values.flatMap { $0 }
        return Verdict(
            "\(sums.cuts) cuts, \(sums.durable) events acknowledged as durable: 0 lost; of accepted ones, in \(all.count) "
                + "cuts, the oldest lost event had at most this age: \(losses.joined(separator: ", ")); over 50 ms in "
                + "\(all.count { $0 > 50 })", isMet: all.allSatisfy { $0 <= 50 })
    }

    private static func milliseconds(_ value: Double) -> String { "\(Int(value.rounded(.up))) ms" }

    private func cut(_ testEnvironment: PoweredEnvironment, _ sums: inout Sums) throws {
        switch testEnvironment.systemState.pick(1...11) {
        case 1...3: try durableStream(in: testEnvironment)
        case 4...5: try durableRecorders(in: testEnvironment)
        case 6:
            // The drain removes segments. Before that, their events must be on disk in the database.
            let flush = try testEnvironment.systemState.testEnvironment.nexus("flush")
            usleep(useconds_t(testEnvironment.systemState.pick(0...20_000)))
            try check(testEnvironment)
            try flush.wait()
        case 7...8: try acceptedStream(in: testEnvironment, &sums)
        case 9: try acceptedBatches(in: testEnvironment, &sums)
        case 10: try acceptedCalls(in: testEnvironment, &sums)
        default: try acceptedRecorders(in: testEnvironment, &sums)
        }
    }

    private func check(_ testEnvironment: PoweredEnvironment) throws {
        // A copy of the model, so that only events count that were acknowledged before the power cut.
        let model = testEnvironment.systemState.model
        try testEnvironment.cutPower { invariants in
            guard !model.acknowledged.isEmpty else { return }
            try invariants.testEnvironment.flush()
            let lost = try invariants.lostEvents(model.acknowledged)
            guard lost == 0 else { throw InvariantViolation("\(lost) events acknowledged as durable are lost") }
            try invariants.checkAnyMoment(model)
        }
    }

    private func durableStream(in testEnvironment: PoweredEnvironment) throws {
        let systemState = testEnvironment.systemState
        let numbers = systemState.model.take(systemState.pick(500...4000))
        let child = try systemState.testEnvironment.nexus(
            "record", "--stdin", "--durable", "--ack", input: .pipe, output: .pipe)
        child.send(Array(Model.lines(numbers).utf8))
        let enough = systemState.pick(0...numbers.count)
        try child.exchange { child.accepted >= enough }
        systemState.model.acknowledge(numbers.lowerBound..<numbers.lowerBound + child.accepted)
        try check(testEnvironment)
        try child.exchange { false }
        systemState.model.acknowledge(numbers.lowerBound..<numbers.lowerBound + child.accepted)
    }

    private func durableRecorders(in testEnvironment: PoweredEnvironment) throws {
        try testEnvironment.systemState.recordSingly(
            testEnvironment.systemState.pick(1...4),
            with: [testEnvironment.systemState.testEnvironment.programs.recorder, "--durable"])
        try check(testEnvironment)
    }

    // MARK: Accepted events

    /// Batches of events, and the time at which each batch was acknowledged.
    private typealias Acknowledged = [(numbers: Range<Int>, at: Date)]

    /// Sends a batch every few milliseconds to a stream without `--durable`.
    private func acceptedStream(in testEnvironment: PoweredEnvironment, _ sums: inout Sums) throws {
        let systemState = testEnvironment.systemState
        let child = try systemState.testEnvironment.nexus("record", "--stdin", "--ack", input: .pipe, output: .pipe)
        var acknowledged: Acknowledged = []
        var sent = 0
        for _ in 0..<systemState.pick(5...60) {
            let numbers = systemState.model.take(20)
            child.send(Array(Model.lines(numbers).utf8))
            sent += 20
            try child.exchange(thenCloses: false) { child.accepted >= sent }
            acknowledged.append((numbers, Date()))
            usleep(3000)
        }
        try measureLoss(of: acknowledged, by: "a stream", in: testEnvironment, &sums)
        try child.exchange { false }
        try child.wait()
        try settle(testEnvironment)
    }

    /// Sends a batch every few milliseconds to the service's socket.
    private func acceptedBatches(in testEnvironment: PoweredEnvironment, _ sums: inout Sums) throws {
        let systemState = testEnvironment.systemState
        let client = try systemState.startedService().client()
        var acknowledged: Acknowledged = []
        var sent = 0
        for _ in 0..<systemState.pick(5...60) {
            let numbers = systemState.model.take(20)
            try client.send(Model.lines(numbers))
            sent += 20
            guard try client.acknowledgement(of: sent).counts.accepted == sent else {
                throw InvariantViolation("a batch is lost")
            }
            acknowledged.append((numbers, Date()))
            usleep(3000)
        }
        try measureLoss(of: acknowledged, by: "the socket", in: testEnvironment, &sums)
        try settle(testEnvironment)
    }

    /// Runs a program with the Swift API that flushes a batch every few milliseconds.
    private func acceptedCalls(in testEnvironment: PoweredEnvironment, _ sums: inout Sums) throws {
        let systemState = testEnvironment.systemState
        let batches = systemState.pick(5...60)
        let numbers = systemState.model.take(20 * batches)
        let program = try systemState.testEnvironment.start(
            [
                systemState.testEnvironment.programs.probe, systemState.testEnvironment.data.folder.path, "20",
                "\(numbers.lowerBound)", "--called",
            ], input: .pipe, output: .pipe)
        var acknowledged: Acknowledged = []
        for first in stride(from: numbers.lowerBound, to: numbers.upperBound, by: 20) {
            program.send(Array("\n".utf8))
            try program.exchange(thenCloses: false) { program.lines.count > acknowledged.count }
            guard program.lines.count > acknowledged.count else {
                throw InvariantViolation("the Swift program failed: \(program.errors)")
            }
            acknowledged.append((first..<first + 20, Date()))
            usleep(3000)
        }
        try measureLoss(of: acknowledged, by: "a Swift program", in: testEnvironment, &sums)
        try program.exchange { false }
        try program.wait()
        try settle(testEnvironment)
    }

    /// Runs recorders of single events while the service runs. The service calls fsync for their events.
    private func acceptedRecorders(in testEnvironment: PoweredEnvironment, _ sums: inout Sums) throws {
        let systemState = testEnvironment.systemState
        _ = try systemState.startedService()
        var acknowledged: Acknowledged = []
        for _ in 0..<systemState.pick(5...30) {
            let numbers = systemState.model.take(1)
            let child = try systemState.testEnvironment.start(
                [systemState.testEnvironment.programs.recorder] + Model.flags(numbers.lowerBound))
            guard try child.wait() == .exited(0) else { throw InvariantViolation("'\(child.name)': \(child.errors)") }
            acknowledged.append((numbers, Date()))
        }
        try measureLoss(of: acknowledged, by: "recorders", in: testEnvironment, &sums)
        try settle(testEnvironment)
    }

    /// Cuts the power, and adds the age of the oldest lost event to the losses.
    private func measureLoss(
        of acknowledged: Acknowledged, by way: String, in testEnvironment: PoweredEnvironment, _ sums: inout Sums
    ) throws {
        let cut = Date()
        let oldest: Date? = try testEnvironment.cutPower { invariants in
            try invariants.testEnvironment.flush()
            let stored = try invariants.storedNumbers()
            return acknowledged.first { !stored.contains(integersIn: $0.numbers) }?.at
        }
        sums.losses[way, default: []].append(oldest.map { cut.timeIntervalSince($0) * 1000 } ?? 0)
    }

    /// Stores all events. The power cut is only simulated, so the programs still have the accepted events. After this
    /// call, these events are on disk.
    private func settle(_ testEnvironment: PoweredEnvironment) throws {
        if testEnvironment.systemState.isChance(of: 50) { try testEnvironment.systemState.stopService() }
        try testEnvironment.systemState.testEnvironment.flush()
    }
}
