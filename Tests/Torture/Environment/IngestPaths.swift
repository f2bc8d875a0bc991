import Core
import Foundation
import SystemSupport
import TestSupport

/// All ways to record events with the real programs. The caller can have the program killed.
extension SystemState {
    // MARK: Single events

    /// Records `count` single events. Starts `program` once for each event, without waiting for the previous process.
    func recordSingly(_ count: Int, with program: [String], kill: Kill = .never) throws {
        var running: [(Range<Int>, Child)] = []
        for _ in 0..<count {
            let number = model.take(1)
            running.append((number, try testEnvironment.start(program + Model.flags(number.lowerBound))))
        }
        if case .after(let microseconds) = kill {
            usleep(useconds_t(microseconds))
            for (_, child) in running where child.poll() == nil { child.signal(SIGKILL) }
        }
        for (number, child) in running { try settle(child, number) }
    }

    /// Records an event with a time that is `days` from now. If `days` is above 1, checks that the recorder rejects the
    /// event.
    func recordSingly(daysFromNow days: Int) throws {
        let time = Int(Date().timeIntervalSince1970) + days * 86_400
        guard days <= 1 else {
            let flags = Model.flags(Self.unsent) + ["--timestamp", "\(time * 1000)"]
            let child = try testEnvironment.start([testEnvironment.programs.recorder] + flags)
            let end = try child.wait()
            guard end == .exited(65) else {
                throw InvariantViolation("'\(child.name)' ended with \(end): it accepted a future time")
            }
            return
        }
        let number = model.take(1)
        model.note(time: time, of: number.lowerBound)
        let flags = Model.flags(number.lowerBound) + ["--timestamp", "\(time * 1000)"]
        try settle(try testEnvironment.start([testEnvironment.programs.recorder] + flags), number)
    }

    /// Runs a command and records it.
    func exec(kill: Kill = .never) throws {
        try exec(["true"]) { child in
            guard case .after(let microseconds) = kill else { return }
            usleep(useconds_t(microseconds))
            child.signal(SIGKILL)
        }
    }

    /// Runs `true` or `cat` with `nexus exec`, which records the run. Calls `meanwhile` after the start.
    func exec(
        _ command: [String], input: Child.Stream = .none, output: Child.Stream = .none,
        _ meanwhile: (Child) throws -> Void
    ) throws {
        let number = model.take(1)
        model.noteExec(number.lowerBound)
        let words = ["exec", "--workspace", TestEnvironment.workspace, "--task", TestEnvironment.task, "--"] + command
        let child = try testEnvironment.start(
            [testEnvironment.programs.nexus] + words, input: input, output: output,
            variables: ["NEXUS_SESSION": "exec-\(number.lowerBound)"])
        try meanwhile(child)
        try settle(child, number)
    }

    /// Waits for the end of a program. If it returned 0, marks its event as acknowledged.
    private func settle(_ child: Child, _ number: Range<Int>) throws {
        switch try child.wait() {
        case .exited(0): model.acknowledge(number)
        case .signaled(SIGKILL): noteEnd(of: child)
        case let end: throw InvariantViolation("'\(child.name)' ended with \(end): \(child.errors)")
        }
    }

    // MARK: Streams

    /// Streams `count` events into `nexus record --stdin --ack`. Returns how many events it acknowledged.
    @discardableResult
    func stream(_ count: Int, flags: [String] = [], kill: Kill = .never) throws -> Int {
        let numbers = model.take(count)
        let child = try testEnvironment.start(
            [testEnvironment.programs.nexus, "record", "--stdin", "--ack"] + flags, input: .pipe, output: .pipe)
        child.send(Array(Model.lines(numbers).utf8))
        switch kill {
        case .never:
            try child.exchange { false }
            let end = try child.wait()
            guard end == .exited(0), child.accepted == count else {
                throw InvariantViolation(
                    "a stream accepted \(child.accepted) of \(count) events and ended with \(end): \(child.errors)")
            }
        case .after(let microseconds):
            let start = Date()
            try child.exchange { Date().timeIntervalSince(start) * 1e6 >= Double(microseconds) }
        case .acknowledged(let enough, let microseconds):
            try child.exchange { child.accepted >= enough }
            usleep(useconds_t(microseconds))
        }
        self.kill(child)
        // The pipe may still contain acknowledgements from before the kill.
        try child.exchange { false }
        acknowledge(child.accepted, of: numbers)
        return child.accepted
    }

    private func acknowledge(_ count: Int, of numbers: Range<Int>) {
        model.acknowledge(numbers.lowerBound..<numbers.lowerBound + min(count, numbers.count))
    }

    /// Runs a program that uses the Swift API. It records `count` events, flushes them, and continues to record until
    /// it is killed.
    func probe(_ count: Int, killAfter microseconds: Int) throws {
        // The program records at most a few million events a second, and is killed after less than a second.
        let numbers = model.take(count + 2_000_000)
        let child = try testEnvironment.start(
            [testEnvironment.programs.probe, testEnvironment.data.folder.path, "\(count)", "\(numbers.lowerBound)"],
            output: .pipe)
        try child.exchange { !child.received.isEmpty }
        guard child.lines == ["flushed"] else { throw InvariantViolation("the Swift program failed: \(child.errors)") }
        usleep(useconds_t(microseconds))
        kill(child)
        acknowledge(count, of: numbers)
    }

    // MARK: The service

    /// Sends batches to the service's socket. `kill` kills the service during the last batch.
    func socket(batches: Int, of size: Int, kill: Kill = .never) throws {
        let service = try startedService()
        let client = try service.client()
        var acknowledged = 0
        var sent = 0
        for batch in 0..<batches {
            let numbers = model.take(size)
            sent += size
            try client.send(Model.lines(numbers))
            if case .after(let microseconds) = kill, batch == batches - 1 {
                usleep(useconds_t(microseconds))
                killService()
                // The socket may still contain acknowledgements from before the kill.
                acknowledged = (try? client.acknowledgement(of: sent).counts.accepted) ?? 0
                acknowledge(max(0, size - (sent - acknowledged)), of: numbers)
                return
            }
            let answer = try client.acknowledgement(of: sent)
            acknowledged = answer.counts.accepted
            guard acknowledged == sent else {
                throw InvariantViolation("the service accepted \(acknowledged) of \(sent) events: \(answer)")
            }
            acknowledge(size, of: numbers)
        }
    }

    /// Writes lines into the service's pipe, as `printf` in a script does.
    func pipe(_ count: Int, kill: Kill = .never) throws {
        let service = try startedService()
        let numbers = model.take(count)
        let descriptor = unsafe open(service.runtime.pipePath, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw InvariantViolation("the pipe cannot be opened: \(errno)") }
        defer { close(descriptor) }
        for number in numbers {
            let line = Array(Model.line(number).utf8)
            guard unsafe write(descriptor, line, line.count) == line.count else {
                throw InvariantViolation("cannot write a whole line into the pipe: \(errno)")
            }
        }
        model.wroteIntoPipe(numbers)
        if case .after(let microseconds) = kill {
            usleep(useconds_t(microseconds))
            killService()
        }
    }

    // MARK: Commands that read

    /// Runs a command that drains before it does its own work.
    func read(_ arguments: [String], kill: Kill = .never) throws {
        let child = try testEnvironment.start([testEnvironment.programs.nexus] + arguments, output: .pipe)
        if case .after(let microseconds) = kill {
            usleep(useconds_t(microseconds))
            self.kill(child)
            return
        }
        try child.exchange { false }
        let end = try child.wait()
        guard end == .exited(0) else { throw InvariantViolation("'\(child.name)' ended with \(end): \(child.errors)") }
    }
}

extension Child {
    /// The number of accepted events in the last acknowledgement of a stream.
    var accepted: Int {
        lines.last.flatMap { Int($0.split(separator: ",")[0].dropFirst(#"{"accepted":"#.count)) } ?? 0
    }
}
