import Core
import Foundation
import SystemSupport
import TestSupport

/// Makes fdatasync fail. After a failure, the system does not know which pages were not written. Therefore the batch
/// must not be acknowledged, and fdatasync must not be called again for the same file.
struct FailedSyncMode: Mode {
    let name = "fsync"
    let bar = "one failed fdatasync: 0 acknowledgements from that batch, and no second fdatasync of that file"

    private static let batch = 50
    /// The number of fdatasync calls of a durable recorder in a new data folder: for the folders, the key, the event,
    /// and the folder of the event's segment.
    private static let callsOfARecorder = 7

    func run(_ settings: Settings) throws -> Verdict {
        let runs = settings.count(14, least: Self.callsOfARecorder)
        for occurrence in 1...runs {
            do {
                try stream(failing: occurrence, settings)
                try recorder(failing: 1 + (occurrence - 1) % Self.callsOfARecorder, settings)
                try background(settings)
            } catch {
                throw InvariantViolation("with a failure of fdatasync number \(occurrence): \(error)")
            }
        }
        return Verdict("\(3 * runs) failed calls: 0 acknowledgements from their batches, none repeated", isMet: true)
    }

    private func stream(failing occurrence: Int, _ settings: Settings) throws {
        let systemState = try SystemState(settings.programs, seed: settings.seed)
        // This process holds the writer lock, so that each fdatasync of the stream is for an acknowledgement.
        try systemState.testEnvironment.data.folder.prepare()
        let lock = try File(opening: systemState.testEnvironment.data.writerLockPath, [.readWrite, .create])
        guard try lock.tryLock() else { throw InvariantViolation("no other process should be writing") }
        let log = systemState.testEnvironment.scratch.path + "/trace"
        let strace = try Fault(call: "fdatasync", error: "EIO", occurrence: occurrence)
            .arguments(log: log, alsoTracing: ["write"])
        let child = try systemState.testEnvironment.start(
            strace + [settings.programs.nexus, "record", "--stdin", "--ack", "--durable"], input: .pipe,
            output: .pipe)
        var sent = 0
        var isGoingOn = true
        while isGoingOn, sent < Self.batch * (occurrence + 2) {
            let numbers = systemState.model.take(Self.batch)
            sent += Self.batch
            child.send(Array(Model.lines(numbers).utf8))
            isGoingOn = try child.exchange(thenCloses: false) { child.accepted >= sent }
            if isGoingOn { systemState.model.acknowledge(numbers) }
        }
        try child.exchange { false }
        guard !isGoingOn, try child.wait() == .exited(74) else {
            throw InvariantViolation("the stream went on: \(child.errors)")
        }
        try child.requireDecentEnd()
        try requireNoSecondCall(log)
        try requireNoAcknowledgement(log)
        lock.unlock()
        try systemState.checkStored()
    }

    private func recorder(failing occurrence: Int, _ settings: Settings) throws {
        let systemState = try SystemState(settings.programs, seed: settings.seed)
        let log = systemState.testEnvironment.scratch.path + "/trace"
        let strace = try Fault(call: "fdatasync", error: "EIO", occurrence: occurrence).arguments(log: log)
        let number = systemState.model.take(1)
        let child = try systemState.testEnvironment.start(
            strace + [settings.programs.recorder, "--durable"] + Model.flags(number.lowerBound))
        guard try child.wait() == .exited(74) else { throw InvariantViolation("nexus-record did not return 74") }
        try requireNoSecondCall(log)
        try systemState.checkStored()
    }

    /// Runs a stream without `--durable`, whose fdatasync in the background fails. The stream must continue, and must
    /// warn once that accepted events may not survive a power cut.
    private func background(_ settings: Settings) throws {
        let systemState = try SystemState(settings.programs, seed: settings.seed)
        try systemState.testEnvironment.data.folder.prepare()
        let lock = try File(opening: systemState.testEnvironment.data.writerLockPath, [.readWrite, .create])
        guard try lock.tryLock() else { throw InvariantViolation("no other process should be writing") }
        let log = systemState.testEnvironment.scratch.path + "/trace"
        // Creates the hash key before the trace starts, because its creation calls fdatasync too.
        try systemState.recordSingly(1, with: [settings.programs.recorder])
        let strace = try Fault(call: "fdatasync", error: "EIO", occurrence: 1).arguments(log: log)
        let child = try systemState.testEnvironment.start(
            strace + [settings.programs.nexus, "record", "--stdin", "--ack"], input: .pipe, output: .pipe)
        var sent = 0
        var batchesBehind = 0
        while batchesBehind < 5 {
            guard sent < Self.batch * 500 else { throw InvariantViolation("no fdatasync in the background") }
            let numbers = systemState.model.take(Self.batch)
            sent += Self.batch
            child.send(Array(Model.lines(numbers).utf8))
            guard try child.exchange(thenCloses: false, until: { child.accepted >= sent }) else {
                throw InvariantViolation("the stream ended: \(child.errors)")
            }
            systemState.model.acknowledge(numbers)
            // The pause is longer than the interval between two fdatasync calls in the background.
            usleep(30_000)
            if Fault.wasInjected(in: log) { batchesBehind += 1 }
        }
        try child.exchange { false }
        let end = try child.wait()
        let sentences = child.errors.split(separator: "\n").count { $0.contains("may not survive a power cut") }
        guard end == .exited(0), sentences == 1 else {
            throw InvariantViolation("the stream ended with \(end): \(child.errors)")
        }
        try requireNoSecondCall(log)
        lock.unlock()
        try systemState.checkStored()
    }

    /// Throws if the same call follows for the same file after the failed call. Its success would prove nothing.
    private func requireNoSecondCall(_ log: String) throws {
        let (failed, behind) = try failedCall(log)
        if let second = behind.first(where: { $0.name == failed.name && $0.file == failed.file }) {
            throw InvariantViolation("the file was synchronized again: \(second.text)")
        }
    }

    /// Throws if an acknowledgement follows the failed call. It would include events of the batch whose fdatasync
    /// failed.
    private func requireNoAcknowledgement(_ log: String) throws {
        let (_, behind) = try failedCall(log)
        if let answer = behind.first(where: { $0.text.hasPrefix("write(1<") }) {
            throw InvariantViolation("the batch was acknowledged: \(answer.text)")
        }
    }

    /// Returns the call that failed, and the calls that began after it had ended.
    private func failedCall(_ log: String) throws -> (Trace.Call, behind: [Trace.Call]) {
        let trace = Trace(log)
        guard let failed = trace.injected.first, failed.file != nil else { throw InvariantViolation("no call failed") }
        return (failed, trace.calls.filter { $0.begun > failed.ended })
    }
}
