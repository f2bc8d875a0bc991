import Application
import Core
import Database
import Maintenance

/// Drains what waits in the buffer of a data folder, with rollups or without them, so that the difference is their cost, and
/// prints the seconds it took. A folder that was drained without them has no right reports.
///
///     DrainCost FOLDER with|without EVENTS
@main
struct DrainCost {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, ["with", "without"].contains(arguments[2]), let events = Int(arguments[3]) else {
            fatalError("say which folder, 'with' or 'without', and how many events wait there")
        }
        let data = DataFolder(arguments[1])
        guard let lock = try WriterLock.acquire(in: data) else { preconditionFailure("the folder has a writer") }
        let without = WriterParts(derivedTables: NoDerivedTables(), resume: { _, _ in })
        let writer = try SQLiteWriter(data: data, lock: lock, parts: arguments[2] == "with" ? .standard : without)
        let clock = ContinuousClock()
        let start = clock.now
        let drained = try await writer.drain()
        try await writer.endDrain()
        let duration = clock.now - start
        precondition(drained == events, "not all events were there")
        print(duration / .seconds(1))
    }
}
