import Core
import Foundation
import SystemSupport
import TestSupport

/// Power cuts while everything records: what was acknowledged as durable is there when the computer starts again.
///
/// And how much is lost of what was only accepted: the age, at the cut, of the oldest acknowledged event that is gone. That
/// holds of what a stream or a program with the Swift API accepts, and of everything while the service runs; a single event
/// without it is on disk when the system gets to it, and not looked at here.
struct PowerMode: Mode {
    let name = "power"
    let bar = "1,000 power cuts: 0 durable-acknowledged events lost; of accepted ones at most 50 ms worth"

    private static let cutsOnADisk = 50

    /// What is added up over all cuts.
    private struct Sums {
        var cuts = 0
        var durable = 0
        /// Of cuts under events that were accepted and no more: how old the oldest was that is gone, in milliseconds; 0: none
        /// is. By how they came in.
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
                + "cuts, the oldest lost one was at most so old: \(losses.joined(separator: ", ")); over 50 ms in "
                + "\(all.count { $0 > 50 })", isMet: all.allSatisfy { $0 <= 50 })
    }

    private static func milliseconds(_ value: Double) -> String { "\(Int(value.rounded(.up))) ms" }

    private func cut(_ testEnvironment: PoweredEnvironment, _ sums: inout Sums) throws {
        switch testEnvironment.systemState.pick(1...11) {
        case 1...3: try durableStream(in: testEnvironment)
        case 4...5: try durableRecorders(in: testEnvironment)
        case 6:
            // Drains, and removes segments: what stood in them must be on the disk by then.
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
        // Only what was acknowledged before the power failed; the model does not change while this looks.
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

    // MARK: Accepted, and no more

    /// Events that were acknowledged, and when.
    private typealias Acknowledged = [(numbers: Range<Int>, at: Date)]

    /// A stream that asks for nothing more than acceptance, a batch every few milliseconds.
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

    /// A client of the service's socket.
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

    /// A program with the Swift API, which flushes a batch every few milliseconds.
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
                throw InvariantViolation("the Swift program says: \(program.errors)")
            }
            acknowledged.append((first..<first + 20, Date()))
            usleep(3000)
        }
        try measureLoss(of: acknowledged, by: "a Swift program", in: testEnvironment, &sums)
        try program.exchange { false }
        try program.wait()
        try settle(testEnvironment)
    }

    /// Recorders of single events: what they append the service puts on disk.
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

    /// Cuts the power, and takes note of the age of the oldest event that is gone.
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

    /// The power of this computer stays on: what it accepted is durable once it was stored and put on disk.
    private func settle(_ testEnvironment: PoweredEnvironment) throws {
        if testEnvironment.systemState.isChance(of: 50) { try testEnvironment.systemState.stopService() }
        try testEnvironment.systemState.testEnvironment.flush()
    }
}
