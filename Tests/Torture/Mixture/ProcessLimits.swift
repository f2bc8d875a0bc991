import SystemSupport

/// Programs with few open files, or little memory.
extension SystemState {
    /// Exit codes of a program that lacks files or memory; 127 is the dynamic loader's.
    private static let shortages: Set<Int32> = [69, 74, 75, 77, 127]

    /// Records an event and stores what waits. Each program does its work, or ends with a code in bounded time: never by a
    /// signal.
    func underProcessLimits() throws {
        // With less memory than this the system cannot load the programs.
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
        // One that fails may have recorded its event before; it has acknowledged nothing.
        if try isDone([testEnvironment.programs.recorder] + Model.flags(number.lowerBound)) {
            model.acknowledge(number)
        }
        for command in ["flush", "stats"] { _ = try isDone([testEnvironment.programs.nexus, command]) }
    }
}
