import SystemSupport

/// A step in which programs may only use few open files or little memory.
extension SystemState {
    /// The exit codes of a program that lacks files or memory. 127 is the exit code of the dynamic loader.
    private static let shortages: Set<Int32> = [69, 74, 75, 77, 127]

    /// Records an event and stores pending events. Each program must succeed or end with one of these exit codes in
    /// bounded time. No program may end by a signal.
    func underProcessLimits() throws {
        // With less memory than 160,000 KiB, the system cannot load the programs.
        let limit = isChance(of: 50) ? "ulimit -n \(pick(4...40))" : "ulimit -v \(pick(160_000...400_000))"
        func isDone(_ arguments: [String]) throws -> Bool {
            let child = try testEnvironment.start(["bash", "-c", limit + "; exec \"$0\" \"$@\""] + arguments)
            switch try child.wait() {
            case .exited(0): return true
            case .exited(let code) where Self.shortages.contains(code): return false
            case let end: throw InvariantViolation("'\(child.name)' with '\(limit)' ended with \(end): \(child.errors)")
            }
        }
        let number = model.take(1)
        // A recorder that fails may have recorded its event, but has not acknowledged it.
        if try isDone([testEnvironment.programs.recorder] + Model.flags(number.lowerBound)) {
            model.acknowledge(number)
        }
        for command in ["flush", "stats"] { _ = try isDone([testEnvironment.programs.nexus, command]) }
    }
}
