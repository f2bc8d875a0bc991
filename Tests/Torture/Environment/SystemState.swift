import Foundation
import SystemSupport
import TestSupport

/// A data folder, the programs that use it, and the model of what must be true of it.
final class SystemState {
    let testEnvironment: TestEnvironment
    var model = Model()
    var random: SeededGenerator
    var service: RunningService?
    /// The snapshots of the folder, and the numbers of the events that each contains.
    var snapshots: [(path: String, numbers: IndexSet)] = []
    /// The destination of `nexus sync`.
    private(set) lazy var sent = SentFolder(in: testEnvironment)
    /// The number of programs that SIGKILL ended. A program that ended before the signal is not counted.
    private(set) var killed = 0

    convenience init(_ programs: Programs, seed: UInt64) throws {
        try self.init(TestEnvironment(programs), seed: seed)
    }

    init(_ testEnvironment: TestEnvironment, seed: UInt64) {
        self.testEnvironment = testEnvironment
        random = SeededGenerator(seed: seed)
    }

    var invariants: Invariants { Invariants(testEnvironment: testEnvironment) }

    /// Returns a random number. The same seed gives the same numbers.
    func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    func isChance(of percent: Int) -> Bool { pick(1...100) <= percent }

    // MARK: The service

    /// Returns the service. Starts it if it does not run.
    func startedService() throws -> RunningService {
        if let service { return service }
        let service = try RunningService(in: testEnvironment)
        self.service = service
        return service
    }

    /// Kills a child with SIGKILL. `killed` does not count a child that has ended already.
    func kill(_ child: Child) {
        child.kill()
        noteEnd(of: child)
    }

    /// Counts a child in `killed` if SIGKILL has ended it.
    func noteEnd(of child: Child) {
        if child.poll() == .signaled(SIGKILL) { killed += 1 }
    }

    func killService() {
        if let service { kill(service.child) }
        service = nil
        model.pipeWasLost()
    }

    func stopService() throws {
        try service?.stop()
        service = nil
        // Before a service stops, it reads everything from its pipe.
        model.flushed()
    }

    // MARK: Checking

    func checkStored() throws {
        if service == nil { model.pipeWasLost() }
        try testEnvironment.flush()
        model.flushed()
        try invariants.checkStored(model)
    }
}

/// The time at which a program is killed. It depends on the seed, but the program's progress at that time does not.
enum Kill {
    case never
    /// The given number of microseconds after the start.
    case after(Int)
    /// `andAfter` microseconds after the program has acknowledged the given number of events.
    case acknowledged(Int, andAfter: Int)
}
