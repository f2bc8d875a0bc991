import BenchmarkSubjects

/// Drains what waits in the buffer of a data folder, with rollups or without them, so that the difference is what they
/// cost, and prints the seconds it took. A folder that was drained without them is for nothing else.
///
///     DrainCost FOLDER with|without EVENTS
@main
struct DrainCost {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, ["with", "without"].contains(arguments[2]), let events = Int(arguments[3]) else {
            fatalError("say which folder, 'with' or 'without', and how many events wait there")
        }
        let subject = try WaitingDrainSubject(path: arguments[1], keepsRollups: arguments[2] == "with")
        let clock = ContinuousClock()
        let start = clock.now
        let drained = try await subject.run()
        let duration = clock.now - start
        precondition(drained == events, "not all events were there")
        print(duration / .seconds(1))
    }
}
