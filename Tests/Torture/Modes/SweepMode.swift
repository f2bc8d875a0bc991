import Foundation
import Platform
import TestSupport

/// Every system call that changes something fails once, at its every occurrence, with every error that matters.
struct SweepMode: Mode {
    let name = "sweep"
    let bar = "EIO, ENOSPC, EINTR at every k-th call: 0 false acknowledgements, integrity_check ok"

    private static let calls = [
        "write", "pwrite64", "fdatasync", "fsync", "rename,renameat,renameat2", "unlink,unlinkat", "fallocate",
        "ftruncate", "link,linkat",
    ]
    private static let errors = ["EIO", "ENOSPC", "EINTR"]
    /// Past this many occurrences of one call, the next ones are more of the same.
    private static let mostOccurrences = 40

    private enum Target: CaseIterable {
        case record, durableRecord, stream, durableStream, flush
    }

    func run(_ settings: Settings) throws -> Verdict {
        _ = try Programs.find("strace")
        // A short run takes every so manieth, another one each time.
        let step = max(1, Int(1 / settings.scale) / 2)
        var turn = Int(settings.seed % UInt64(step))
        var faults = 0
        for target in Target.allCases {
            for call in Self.calls {
                for error in Self.errors {
                    for occurrence in 1...Self.mostOccurrences {
                        turn += 1
                        guard turn % step == 0 else { continue }
                        let fault = Fault(call: call, error: error, occurrence: occurrence)
                        let wasInjected: Bool
                        do { wasInjected = try suffer(fault, target, settings) } catch {
                            throw Broken("\(target) with \(fault): \(error)")
                        }
                        guard wasInjected else { break }
                        faults += 1
                    }
                }
            }
        }
        return Verdict("\(faults) faults: 0 false acknowledgements, integrity_check ok each time", isMet: true)
    }

    /// One run with one fault; false when the program does not make that call so often.
    private func suffer(_ fault: Fault, _ target: Target, _ settings: Settings) throws -> Bool {
        let world = try World(settings.programs, seed: settings.seed)
        let log = world.room.scratch.path + "/trace"
        let strace = try fault.arguments(log: log)
        let programs = settings.programs
        switch target {
        case .record, .durableRecord:
            let number = world.model.take(1)
            let flags = Model.flags(number.lowerBound) + (target == .durableRecord ? ["--durable"] : [])
            let child = try world.room.start(strace + [programs.recorder] + flags)
            try child.requireDecentEnd(underFaultsIn: log)
            if child.poll() == .exited(0) { world.model.acknowledge(number) }
        case .stream, .durableStream:
            let numbers = world.model.take(300)
            let flags = target == .durableStream ? ["--durable"] : []
            let child = try world.room.start(
                strace + [programs.nexus, "record", "--stdin", "--ack"] + flags, input: .pipe, output: .pipe)
            child.send(Array(Model.lines(numbers).utf8))
            try child.exchange { false }
            try child.requireDecentEnd(underFaultsIn: log)
            world.model.acknowledge(numbers.lowerBound..<numbers.lowerBound + child.accepted)
        case .flush:
            try world.recordSingly(4, with: [programs.recorder])
            try world.room.start(strace + [programs.nexus, "flush"]).requireDecentEnd(underFaultsIn: log)
        }
        try world.checkStored()
        return Fault.wasInjected(in: log)
    }
}
