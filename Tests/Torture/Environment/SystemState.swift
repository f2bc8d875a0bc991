import Foundation
import SystemSupport
import TestSupport

/// One data folder with everything that works on it, and the model of what must be true of it.
final class SystemState {
    let testEnvironment: TestEnvironment
    var model = Model()
    var random: SeededGenerator
    var service: RunningService?
    /// Snapshots that were taken of the folder, and what stands in them.
    var snapshots: [(path: String, numbers: IndexSet)] = []
    /// Where `nexus sync` sends to; made with the first.
    private(set) lazy var sent = SentFolder(in: testEnvironment)
    /// Programs that were there to be killed, and died of it.
    private(set) var killed = 0

    convenience init(_ programs: Programs, seed: UInt64) throws {
        try self.init(TestEnvironment(programs), seed: seed)
    }

    init(_ testEnvironment: TestEnvironment, seed: UInt64) {
        self.testEnvironment = testEnvironment
        random = SeededGenerator(seed: seed)
    }

    var invariants: Invariants { Invariants(testEnvironment: testEnvironment) }

    /// A number that the seed repeats.
    func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    func isChance(of percent: Int) -> Bool { pick(1...100) <= percent }

    // MARK: The service

    /// The service, started if there is none.
    func startedService() throws -> RunningService {
        if let service { return service }
        let service = try RunningService(in: testEnvironment)
        self.service = service
        return service
    }

    /// `kill -9`; one that has ended already is not counted among the killed.
    func kill(_ child: Child) {
        child.kill()
        noteEnd(of: child)
    }

    /// Takes note of how a child has ended.
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
        // A service that stops takes in what stands in its pipe first.
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

/// When a program is killed, if at all. How long after is the seed's choice; what the program has done by then is not.
enum Kill {
    case never
    /// So long after it was started, in microseconds.
    case after(Int)
    /// Once it has acknowledged so many events, and so many microseconds on top.
    case acknowledged(Int, andAfter: Int)
}
