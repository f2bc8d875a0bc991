import ArgumentParser
import Platform
import Reports
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

    /// How long to wait for another writer: what a person waits for without wondering.
    private static let patience: Duration = .seconds(5)

    func run() async throws {
        let data = try DataFolder.required()
        let bar = ProgressLine(total: 1000)
        let outcome: ImportOutcome
        do {
            defer { bar?.clear() }
            let writer = try SQLiteWriter(data: data, lock: try await lock(of: data))
            outcome = try await SnapshotImport(path: file).run(into: writer, unpackingIn: data.folder) { done, total in
                if total > 0 { bar?.show(done * 1000 / total) }
            }
            try await writer.finish()
        }
        let values = Values(imported: outcome.imported, known: outcome.known)
        try File.standardOutput.write(
            json ? JSONText.of(values) : "\(outcome.imported) events imported, \(outcome.known) were here already\n")
    }

    private func lock(of data: DataFolder) async throws -> WriterLock {
        let deadline = ContinuousClock.now + Self.patience
        while true {
            if let lock = try WriterLock.acquire(in: data) { return lock }
            guard ContinuousClock.now < deadline else {
                throw CommandFailure("another nexus process writes the database: stop it, or try again later", .tryAgain)
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// The keys are a contract.
    private struct Values: Encodable {
        let imported: Int
        let known: Int
    }
}
