import ArgumentParser
import Core
import Snapshots
import SystemSupport

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check a snapshot: is it whole, and what it says it is?",
        discussion: """
            It checks the frame, the hash, the manifest, the database as SQLite sees it, every field of every row, and the \
            counts. What is wrong is said in one sentence, and the command returns 65. It does not compare the snapshot to the \
            data folder: 'nexus import' does, and refuses rows of this installation that were never recorded here.

            EXAMPLES
              nexus verify backup.db.lz4
              nexus verify - <backup.db.lz4
            """)

    @Argument(help: "The snapshot; '-' is standard input.", completion: .file())
    var file: String

    @Flag(help: "Print what the snapshot says of itself as JSON.")
    var json = false

    func run() async throws {
        let bar = ProgressLine(total: 1000)
        let manifest = try await SnapshotArgument.with(file) { file in
            try await CancelOnSignal.run(ifStopped: "it may be sound or not") {
                defer { bar?.clear() }
                return try await SnapshotChecker(path: file).verify { done, total in
                    if total > 0 { bar?.show(done * 1000 / total) }
                }
            }
        }
        try File.standardOutput.write(json ? manifest.json.document : sentence(manifest))
    }

    private func sentence(_ manifest: SnapshotManifest) -> String {
        let name = SnapshotArgument.displayName(file)
        let events = manifest.events.counted("event")
        guard let from = manifest.from, let until = manifest.until else {
            return "\(name) is sound: \(events), \(manifest.content.rawValue)\n"
        }
        return "\(name) is sound: \(events) from \(from.escapedForDisplay) to "
            + "\(until.escapedForDisplay), \(manifest.content.rawValue)\n"
    }
}
