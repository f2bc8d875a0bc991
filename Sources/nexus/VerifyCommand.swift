import ArgumentParser
import Core
import Snapshots
import SystemSupport

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check that a snapshot is whole and unaltered.",
        discussion: """
            It checks the LZ4 frame, the hash, the manifest, the database, every field of every row, and the counts. \
            If it finds a problem, it prints one sentence and returns 65. It does not compare the snapshot with the \
            data folder. 'nexus import' makes this comparison: it refuses rows that claim to be of this installation \
            but were never recorded here.

            EXAMPLES
              nexus verify backup.db.lz4
              nexus verify - <backup.db.lz4
            """)

    @Argument(help: "The snapshot; '-' is standard input.", completion: .file())
    var file: String

    @Flag(help: "Print the manifest of the snapshot as JSON.")
    var json = false

    func run() async throws {
        let bar = ProgressLine(total: 1000)
        let manifest = try await SnapshotArgument.with(file) { file in
            try await CancelOnSignal.run(ifStopped: "the check is incomplete") {
                defer { bar?.clear() }
                return try await SnapshotChecker(path: file).verify { done, total in
                    if total > 0 { bar?.show(done * 1000 / total) }
                }
            }
        }
        try CommandContext.current.write(json ? manifest.json.document : sentence(manifest))
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

/// A snapshot that is named on the command line: a file, or `-` for standard input.
enum SnapshotArgument {
    /// The name of standard input in messages.
    private static let standardInput = "standard input"
    private static let chunkBytes = 1024 * 1024

    /// The name of a snapshot as messages show it.
    static func displayName(_ argument: String) -> String {
        argument == "-" ? standardInput : argument.escapedForDisplay
    }

    /// Runs work on the file of a snapshot. Standard input is copied to a temporary file first, because a snapshot is
    /// read from its end. The temporary file is removed afterwards.
    static func with<Value>(_ argument: String, _ work: (String) async throws -> Value) async throws -> Value {
        guard argument == "-" else { return try await work(argument) }
        guard !File.standardInput.isTerminal else {
            throw CommandFailure("cannot read a snapshot from a terminal: give a file, or pipe one in", .usage)
        }
        let scratch = try ScratchFolder(in: ScratchFolder.commonParent)
        let path = scratch.path(of: "snapshot")
        try copyStandardInput(to: path)
        do { return try await work(path) } catch {
            throw CommandFailure(error)?.replacing(path, with: standardInput) ?? error
        }
    }

    private static func copyStandardInput(to path: String) throws {
        let copy = try File(opening: path, [.write, .create, .exclusive])
        var bytes: [UInt8] = []
        while try File.standardInput.read(appendingTo: &bytes, limit: chunkBytes) > 0 {
            try copy.write(bytes.span)
            bytes.removeAll(keepingCapacity: true)
        }
    }
}
