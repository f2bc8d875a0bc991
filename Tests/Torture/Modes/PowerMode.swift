import Foundation
import TestSupport

/// Power cuts while everything records: what was acknowledged as durable is there when the computer starts again.
///
/// And how much is lost of what was only accepted: the age, at the cut, of the oldest acknowledged event that is gone.
struct PowerMode: Mode {
    let name = "power"
    let bar = "1,000 power cuts: 0 durable-acknowledged events lost; of accepted ones at most 50 ms worth"

    private static let cutsOnADisk = 50

    /// What is added up over all cuts.
    private struct Sums {
        var cuts = 0
        var durable = 0
        /// Milliseconds.
        var oldestLoss = 0.0
        var losses = 0
    }

    func run(_ settings: Settings) throws -> Verdict {
        try Programs.requireRoot()
        let cuts = settings.count(1000, least: 6)
        var sums = Sums()
        var seed = settings.seed
        while sums.cuts < cuts {
            let room = try PoweredRoom(settings.programs, seed: seed)
            for cut in 0..<min(Self.cutsOnADisk, cuts - sums.cuts) {
                do {
                    try self.cut(room, &sums)
                } catch {
                    throw Broken("cut \(cut + 1) with --seed \(seed): \(error)")
                }
                sums.cuts += 1
            }
            sums.durable += room.world.model.acknowledged.count
            seed &+= 1
        }
        return Verdict(
            "\(sums.cuts) cuts, \(sums.durable) events acknowledged as durable: 0 lost; accepted ones lost in "
                + "\(sums.losses) cuts, the oldest after \(Int(sums.oldestLoss)) ms", isMet: sums.oldestLoss <= 50)
    }

    private func cut(_ room: PoweredRoom, _ sums: inout Sums) throws {
        switch room.world.pick(1...10) {
        case 1...4: try durableStream(in: room)
        case 5...6: try durableRecorders(in: room)
        case 7:
            // Drains, and removes segments: what stood in them must be on the disk by then.
            let flush = try room.world.room.nexus("flush")
            usleep(useconds_t(room.world.pick(0...20_000)))
            try check(room)
            try flush.wait()
        default: try acceptedStream(in: room, &sums)
        }
    }

    private func check(_ room: PoweredRoom) throws {
        // Only what was acknowledged before the power failed; the model does not change while this looks.
        let model = room.world.model
        try room.cutPower { promises in
            guard !model.acknowledged.isEmpty else { return }
            try promises.room.flush()
            let lost = try promises.lostEvents(model.acknowledged)
            guard lost == 0 else { throw Broken("\(lost) events acknowledged as durable are lost") }
            try promises.checkAnyMoment(model)
        }
    }

    private func durableStream(in room: PoweredRoom) throws {
        let world = room.world
        let numbers = world.model.take(world.pick(500...4000))
        let child = try world.room.nexus("record", "--stdin", "--durable", "--ack", input: .pipe, output: .pipe)
        child.send(Array(Model.lines(numbers).utf8))
        let enough = world.pick(0...numbers.count)
        try child.exchange { child.accepted >= enough }
        world.model.acknowledge(numbers.lowerBound..<numbers.lowerBound + child.accepted)
        try check(room)
        try child.exchange { false }
        world.model.acknowledge(numbers.lowerBound..<numbers.lowerBound + child.accepted)
    }

    private func durableRecorders(in room: PoweredRoom) throws {
        try room.world.recordSingly(room.world.pick(1...4), with: [room.world.room.programs.recorder, "--durable"])
        try check(room)
    }

    /// A stream that asks for nothing more than acceptance, a batch every few milliseconds.
    private func acceptedStream(in room: PoweredRoom, _ sums: inout Sums) throws {
        let world = room.world
        let child = try world.room.nexus("record", "--stdin", "--ack", input: .pipe, output: .pipe)
        var acknowledged: [(numbers: Range<Int>, at: Date)] = []
        var sent = 0
        for _ in 0..<world.pick(5...60) {
            let numbers = world.model.take(20)
            child.send(Array(Model.lines(numbers).utf8))
            sent += 20
            try child.exchange(thenCloses: false) { child.accepted >= sent }
            acknowledged.append((numbers, Date()))
            usleep(3000)
        }
        let cut = Date()
        let oldest: Date? = try room.cutPower { promises in
            try promises.room.flush()
            let stored = try promises.storedNumbers()
            return acknowledged.first { !stored.contains(integersIn: $0.numbers) }?.at
        }
        if let oldest {
            sums.losses += 1
            sums.oldestLoss = max(sums.oldestLoss, cut.timeIntervalSince(oldest) * 1000)
        }
        try child.exchange { false }
        try child.wait()
        // The power of this computer stays on; what it accepted is durable once it was stored and put on disk.
        try world.room.flush()
    }
}
