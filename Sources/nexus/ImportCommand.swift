import ArgumentParser
import Platform
import Reports
import Service
import Store
import Sync

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take the events of a snapshot into this data folder.",
        discussion: """
            Every event is known by the installation that recorded it and its number there: what is here already is left \
            as it is, so that importing twice changes nothing. What was removed here comes back. A snapshot comes in whole \
            or not at all.
            """)

    @Argument(help: "The snapshot, with SQLite in it.", completion: .file())
    var file: String

    @Flag(help: "Print what was imported as JSON.")
    var json = false

    func run() async throws {
        let data = try DataFolder.required()
        let bar = ProgressLine(total: 1000)
        let file = file
        let outcome = try await SignalledWork.run(ifStopped: "nothing was imported") {
            defer { bar?.clear() }
            guard let lock = try await TelemetryControl(data: data).waitForWriter() else {
                throw CommandFailure(
                    "another nexus process writes the database and does not make way: try again later", .tryAgain)
            }
            let writer = try SQLiteWriter(data: data, lock: lock, obeysSettings: false)
            let outcome = try await SnapshotImport(path: file).run(into: writer, unpackingIn: data.folder) {
                done, total in
                if total > 0 { bar?.show(done * 1000 / total) }
            }
            try await writer.finish()
            return outcome
        }
        let values = Values(imported: outcome.imported, known: outcome.known)
        try File.standardOutput.write(
            json ? JSONText.of(values) : "\(outcome.imported) events imported, \(outcome.known) were here already\n")
    }

    /// The keys are a contract.
    private struct Values: Encodable {
        let imported: Int
        let known: Int
    }
}
