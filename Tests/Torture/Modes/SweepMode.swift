import Core
import Foundation
import Sync
import SystemSupport
import TestSupport

/// Makes system calls that change files fail. Each run of a program has one failure. All occurrences of all calls are
/// tried with all errors that matter.
struct SweepMode: Mode {
    let name = "sweep"
    let bar = "EIO, ENOSPC, EINTR at every k-th call: 0 false acknowledgements, integrity_check ok"

    private static let calls = [
        "write", "pwrite64", "fdatasync", "fsync", "rename,renameat,renameat2", "unlink,unlinkat", "fallocate",
        "ftruncate", "link,linkat",
    ]
    private static let errors = ["EIO", "ENOSPC", "EINTR"]
    /// The maximum number of occurrences of a call that are tried. Later occurrences repeat the same situations.
    private static let mostOccurrences = 100
    private static let streamEvents = 300

    private enum Target: CaseIterable {
        case record, durableRecord, stream, durableStream, flush
    }

    private struct Attempt {
        let target: Target
        let fault: Fault
    }

    func run(_ settings: Settings) throws -> Verdict {
        let attempts = try Target.allCases.flatMap { try Self.attempts(on: $0, settings) }
        // At a low scale, only each `step`-th attempt is made. The seed chooses the first attempt.
        let step = max(1, Int(1 / settings.scale) / 2)
        var faults: [String: Int] = [:]
        for index in stride(from: Int(settings.seed % UInt64(step)), to: attempts.count, by: step) {
            let attempt = attempts[index]
            do {
                // The number of calls differs a little between runs, so the failure may not happen.
                if try Self.suffer(attempt, settings) { faults[attempt.fault.call, default: 0] += 1 }
            } catch {
                throw InvariantViolation("\(attempt.target) with \(attempt.fault): \(error)")
            }
        }
        guard !faults.isEmpty else { throw InvariantViolation("no call failed") }
        let counts = Self.calls.map { "\($0.prefix { $0 != "," }) \(faults[$0] ?? 0)" }.joined(separator: ", ")
        return Verdict(
            "\(faults.values.reduce(0, +)) faults (\(counts)): 0 false acknowledgements, integrity_check ok each time",
            isMet: true)
    }

    /// Returns an attempt for each call and error of a target. To find the calls, it runs the target without failures.
    private static func attempts(on target: Target, _ settings: Settings) throws -> [Attempt] {
        let systemState = try SystemState(settings.programs, seed: settings.seed)
        let log = systemState.testEnvironment.scratch.path + "/trace"
        let strace = try Trace.arguments(tracing: calls.joined(separator: ","), log: log)
        try run(target, in: systemState, under: strace) {
            guard try $0.requireDecentEnd() else { throw InvariantViolation($0.errors) }
        }
        let trace = Trace(log)
        return calls.flatMap { call in
            let occurrences = min(trace.mostInAThread(of: call.split(separator: ",")), mostOccurrences)
            return errors.flatMap { error in
                (0..<occurrences).map {
                    Attempt(target: target, fault: Fault(call: call, error: error, occurrence: $0 + 1))
                }
            }
        }
    }

    /// Runs a target with one fault. Returns false if the program made too few calls for the fault to happen.
    private static func suffer(_ attempt: Attempt, _ settings: Settings) throws -> Bool {
        let systemState = try SystemState(settings.programs, seed: settings.seed)
        let log = systemState.testEnvironment.scratch.path + "/trace"
        try run(attempt.target, in: systemState, under: attempt.fault.arguments(log: log)) { child in
            if try child.requireDecentEnd(underFaultsIn: log) { try requireTruth(attempt, Trace(log)) }
        }
        try systemState.checkStored()
        return Fault.wasInjected(in: log)
    }

    /// Runs the target and records in the model which events it acknowledged. `judge` checks how the program ended.
    private static func run(
        _ target: Target, in systemState: SystemState, under strace: [String], _ judge: (Child) throws -> Void
    ) throws {
        let programs = systemState.testEnvironment.programs
        switch target {
        case .record, .durableRecord:
            let number = systemState.model.take(1)
            let flags = Model.flags(number.lowerBound) + (target == .durableRecord ? ["--durable"] : [])
            let child = try systemState.testEnvironment.start(strace + [programs.recorder] + flags)
            try judge(child)
            if child.poll() == .exited(0) { systemState.model.acknowledge(number) }
        case .stream, .durableStream:
            let numbers = systemState.model.take(streamEvents)
            let flags = target == .durableStream ? ["--durable"] : []
            let child = try systemState.testEnvironment.start(
                strace + [programs.nexus, "record", "--stdin", "--ack"] + flags, input: .pipe, output: .pipe)
            child.send(Array(Model.lines(numbers).utf8))
            try child.exchange { false }
            try judge(child)
            // If a stream returns 0, it has accepted all events, even if not all acknowledgements arrived.
            let isWhole = child.poll() == .exited(0)
            systemState.model.acknowledge(
                isWhole ? numbers : numbers.lowerBound..<numbers.lowerBound + child.accepted)
        case .flush:
            try systemState.recordSingly(4, with: [programs.recorder])
            try judge(try systemState.testEnvironment.start(strace + [programs.nexus, "flush"]))
        }
    }

    /// Throws if a program acknowledged events as durable after a failed fsync. A check of the stored events cannot
    /// find this, because it reads the page cache. For a stream, only the buffer's files count: events whose fsync in
    /// the database failed are still in the buffer.
    private static func requireTruth(_ attempt: Attempt, _ trace: Trace) throws {
        guard ["fdatasync", "fsync"].contains(attempt.fault.call), attempt.fault.error != "EINTR" else { return }
        let failed = trace.injected.filter { call in
            switch attempt.target {
            case .durableRecord: true
            case .durableStream: call.file?.hasSuffix(".wab") ?? false
            case .record, .stream, .flush: false
            }
        }
        if let call = failed.first { throw InvariantViolation("the program returned 0 after \(call.text)") }
    }
}
