import BenchmarkSubjects

/// Drains what waits in the buffer of a data folder, with rollups or without them, so that the difference is what they
/// cost. A folder that was drained without them is for nothing else.
///
///     DrainCost FOLDER with|without
@main
struct DrainCost {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, ["with", "without"].contains(arguments[2]) else {
            fatalError("say which folder, and 'with' or 'without'")
        }
        let subject = try WaitingDrainSubject(path: arguments[1], keepsRollups: arguments[2] == "with")
        print(try await subject.run())
    }
}
