import Core
import Foundation
import SystemSupport
import TestSupport

/// Fills the disk while recorders, streams and the service write to it, and then frees space again.
struct FullDiskMode: Mode {
    let name = "full-disk"
    let bar = "no SIGBUS, a clear sentence, recording again within 1 s after space is freed"

    /// The maximum number of single events on a full disk. Some events still fit into the last page.
    private static let mostSingleEvents = 100
    /// The maximum number of error messages of the service: one about the buffer and one about the database.
    private static let mostSentences = 2

    func run(_ settings: Settings) throws -> Verdict {
        try Programs.requireRoot()
        let rounds = settings.count(20)
        var slowest = 0.0
        for round in 0..<rounds {
            let seed = settings.seed &+ UInt64(round)
            do { slowest = max(slowest, try fill(settings, seed: seed)) } catch {
                throw InvariantViolation("with --seed \(seed): \(error)")
            }
        }
        return Verdict(
            "\(rounds) full disks: no signal, one sentence each, recording again after at most "
                + "\(Int(slowest * 1000)) ms",
            isMet: slowest <= 1)
    }

    /// Fills a disk and frees space again. Returns the seconds from then to the first acknowledgement.
    private func fill(_ settings: Settings, seed: UInt64) throws -> Double {
        let outside = try TestEnvironment(settings.programs)
        let mount = try Mount(
            ["-t", "tmpfs", "-o", "size=40m", "tmpfs"], at: outside.scratch.path + "/small", by: outside)
        let systemState = SystemState(try TestEnvironment(settings.programs, dataAt: mount.path + "/data"), seed: seed)
        try Data(count: systemState.pick(32...36) << 20).write(to: URL(filePath: mount.path + "/ballast"))

        // Events through the socket fill the disk. The service must stop acknowledging events, but must not end.
        let service = try systemState.startedService()
        try sendUntilFull(systemState, service)
        guard service.child.poll() == nil else {
            throw InvariantViolation("the service ended: \(service.child.errors)")
        }
        // A stream and a recorder must fail on the full disk, each with one error message.
        try overfillStream(systemState)
        try overfillRecorder(systemState, filling: mount.path + "/filling")
        try requireSentences(of: service)

        try FileManager.default.removeItem(atPath: mount.path + "/filling")
        try FileManager.default.removeItem(atPath: mount.path + "/ballast")
        let start = Date()
        while try !acknowledgesAgain(systemState, service) {
            guard Date().timeIntervalSince(start) < 10 else { throw InvariantViolation("nothing is recorded any more") }
            usleep(5000)
        }
        let seconds = Date().timeIntervalSince(start)
        try systemState.checkStored()
        try systemState.stopService()
        try systemState.checkStored()
        return seconds
    }

    private func sendUntilFull(_ systemState: SystemState, _ service: RunningService) throws {
        let client = try service.client(timeout: 3)
        var sent = 0
        for _ in 0..<2000 {
            let numbers = systemState.model.take(100)
            sent += 100
            do {
                try client.send(Model.lines(numbers))
                let accepted = try client.acknowledgement(of: sent).counts.accepted
                let safe = max(numbers.lowerBound, numbers.upperBound - (sent - accepted))
                systemState.model.acknowledge(numbers.lowerBound..<safe)
                if accepted < sent { return }
            } catch is UnixClient.Failure {
                return
            }
        }
        throw InvariantViolation("the disk does not fill up")
    }

    /// Sends more events than the disk has space for. The stream must not return 0.
    private func overfillStream(_ systemState: SystemState) throws {
        let numbers = systemState.model.take(60_000)
        let child = try systemState.testEnvironment.nexus("record", "--stdin", "--ack", input: .pipe, output: .pipe)
        child.send(Array(Model.lines(numbers).utf8))
        try child.exchange { false }
        guard try !child.requireDecentEnd() else {
            throw InvariantViolation("a stream returned 0 on a full disk")
        }
        systemState.model.acknowledge(numbers.lowerBound..<numbers.lowerBound + child.accepted)
    }

    /// Records single events until a recorder fails. Before each event, fills space that a program freed meanwhile.
    private func overfillRecorder(_ systemState: SystemState, filling path: String) throws {
        for _ in 0..<Self.mostSingleEvents {
            try Self.fill(path)
            let number = systemState.model.take(1)
            let child = try systemState.testEnvironment.start(
                [systemState.testEnvironment.programs.recorder] + Model.flags(number.lowerBound))
            guard try child.requireDecentEnd() else { return }
            systemState.model.acknowledge(number)
        }
        throw InvariantViolation("\(Self.mostSingleEvents) single events were recorded on a full disk")
    }

    /// Adds to a file until the disk is full.
    private static func fill(_ path: String) throws {
        let file = try File(opening: path, [.readWrite, .create, .append])
        let page = [UInt8](repeating: 0, count: 4096)
        while true {
            do { try file.write(page.span) } catch {
                guard error.code == ENOSPC else { throw error }
                return
            }
        }
    }

    /// Checks that the service has printed an error about the full disk, but has not repeated it for each client.
    private func requireSentences(of service: RunningService) throws {
        let lines = service.child.errors.split(separator: "\n").filter { $0.contains("o space left") }
        guard (1...Self.mostSentences).contains(lines.count) else {
            throw InvariantViolation(
                "the service printed \(lines.count) lines about the full disk: \(service.child.errors)")
        }
    }

    private func acknowledgesAgain(_ systemState: SystemState, _ service: RunningService) throws -> Bool {
        guard service.child.poll() == nil else {
            throw InvariantViolation("the service ended: \(service.child.errors)")
        }
        let numbers = systemState.model.take(1)
        guard let client = try? service.client(timeout: 2), (try? client.send(Model.lines(numbers))) != nil,
            let answer = try? client.acknowledgement(of: 1), answer.counts.accepted == 1
        else { return false }
        systemState.model.acknowledge(numbers)
        return true
    }
}
