import Application
import ArgumentParser
import Core
import Snapshots
import SystemSupport

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Import the events of a snapshot into this data folder.",
        discussion: """
            Every event has an identity: the installation that recorded it, and the number of the event in that \
            installation. Events that this data folder already has stay unchanged, so a second import has no effect. \
            Events that you purged come back if the snapshot has them. The command skips events that are older than \
            the retention ('nexus telemetry retain'). It imports the whole snapshot or nothing. While recording is \
            off, it imports nothing.

            EXAMPLES
              nexus import backup.db.lz4
              ssh laptop nexus export -o - | nexus import -
            """)

    @Argument(help: "The snapshot: a .db or .db.lz4 file; '-' is standard input.", completion: .file())
    var file: String

    @Flag(help: "Print what was imported as JSON.")
    var json = false

    func run() async throws {
        let data = try DataFolder.required()
        if case .off(let reason) = try RecordingPolicy.current(for: data) {
            throw CommandFailure(
                "nothing was imported: recording is off (\(reason.escapedForDisplay)); 'nexus stats --from' reads a "
                    + "snapshot without importing it", .settings)
        }
        let bar = ProgressLine(total: 1000)
        let outcome = try await SnapshotArgument.with(file) { file in try await run(file, into: data, bar) }
        // The keys must not change, because scripts read them.
        let value: JSONValue = [
            "expired": .integer(outcome.expired), "imported": .integer(outcome.imported),
            "known": .integer(outcome.known),
        ]
        let expired =
            outcome.expired > 0
            ? ", \(outcome.expired) skipped: older than the retention ('nexus telemetry retain')" : ""
        let text = "\(outcome.imported.counted("event")) imported, \(outcome.known) already present\(expired)\n"
        try CommandContext.current.write(json ? value.document : text)
    }

    /// Imports the snapshot at a path.
    private func run(_ file: String, into data: DataFolder, _ bar: ProgressLine?) async throws -> SnapshotImport.Outcome
    {
        try await CancelOnSignal.run(ifStopped: "nothing was imported") {
            defer { bar?.clear() }
            guard let lock = try await TelemetryControl(data: data).waitForWriter() else {
                throw CommandFailure(
                    "nothing was imported: another nexus process is writing the database; try again later", .tryAgain)
            }
            return try await SnapshotImport(path: file).run(into: data, lock: lock, parts: Composition.writer) {
                done, total in
                if total > 0 { bar?.show(done * 1000 / total) }
            }
        }
    }
}
