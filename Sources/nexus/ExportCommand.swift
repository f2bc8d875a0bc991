import ArgumentParser
import Core
import Reports
import Snapshots
import Sync
import SystemSupport

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a snapshot of the data into a file.",
        discussion: """
            The end of the file name selects the format: .db, .ndjson and .csv for plain files, .db.lz4, .ndjson.lz4 \
            and .csv.lz4 for compressed files. 'lz4 -d' decompresses them. Any other name gives the default, a \
            compressed SQLite database.

            A compressed file has a hash, which 'nexus verify' checks. 'nexus import' reads .db and .db.lz4; the other \
            formats are for other tools. The file appears when it is complete, and replaces a file of the same name.

            Days are those of your time zone ($TZ). Without a window, the snapshot has all events.

            EXAMPLES
              nexus export                          nexus-<date>.db.lz4 in this folder
              nexus export -o events.csv --week
              nexus export -o - --format ndjson --plain 2026-11 | jq .command
            """)

    @Option(
        help: ArgumentHelp(
            "The format: sqlite, ndjson or csv; by default the format of the file name, else sqlite.",
            valueName: "format"))
    var format: SnapshotFormat?

    @Flag(help: "Write a plain file or stream, without compression.")
    var plain = false

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "The file, or '-' for standard output; by default nexus-<date> in this folder.", valueName: "file"))
    var output: String?

    @OptionGroup(title: "The window") var window: WindowOptions

    @Flag(help: "Print the manifest of the snapshot as JSON.")
    var json = false

    func validate() throws {
        if let output, let named = SnapshotFormat.named(by: output) {
            if plain, !named.isPlain {
                throw ValidationError("--plain and a name that ends with .lz4 exclude each other.")
            }
            if named.isPlain, let format, format != named.format {
                throw ValidationError("--format \(format.rawValue) and the name of the file exclude each other.")
            }
        }
        if json, output == "-" { throw ValidationError("With '-o -' the snapshot itself goes to standard output.") }
    }

    func run() async throws {
        // An export takes seconds. Recording has priority over it.
        ThisProcess.lowerPriority()
        let data = try DataFolder.readable()
        let now = SystemClock().now()
        let target = try target(in: data, now: now)
        let window = try window.window(now: now)
        try await ReadingCommand.storeWaiting(in: data)
        let times = window == .allTime ? nil : window.range
        let bar = ProgressLine(total: 1000)
        let (format, isPlain) = kind
        let manifest = try await CancelOnSignal.run(ifStopped: "nothing was written") {
            defer { bar?.clear() }
            return try await SyncActor().export(times: times, of: data, as: format, to: target, isPlain: isPlain) {
                done, total in
                if total > 0 { bar?.show(done * 1000 / total) }
            }
        }
        if json { return try CommandContext.current.write(manifest.json.document) }
        guard case .file(let path) = target else { return }
        let size = NumberText.bytes(FileStatus(of: path)?.size ?? 0)
        try CommandContext.current.write("\(path.escapedForDisplay): \(manifest.events.counted("event")), \(size)\n")
    }

    /// The format, and whether the file is uncompressed: from the options, else from the file's name.
    private var kind: (format: SnapshotFormat, isPlain: Bool) {
        let named = output.flatMap(SnapshotFormat.named)
        return (format ?? named?.format ?? .sqlite, plain || named?.isPlain ?? false)
    }

    private func target(in data: DataFolder, now: Int64) throws -> SnapshotTarget {
        guard output != "-" else {
            // A snapshot on standard output is meant for another program; a terminal would show noise.
            guard !File.standardOutput.isTerminal else {
                throw CommandFailure(
                    "cannot write a snapshot to a terminal: redirect the output, or give a file with -o", .usage)
            }
            return .standardOutput
        }
        if let output {
            guard !output.isEmpty else { throw CommandFailure("-o must be the name of a file", .usage) }
            guard !data.owns(fileAt: output) else {
                throw CommandFailure(
                    "cannot write \(output.escapedForDisplay): nexus keeps its own data in it; give another name",
                    .usage)
            }
            return .file(output)
        }
        return .file("nexus-\(LocalCalendar.day(of: now).text).\(kind.format.fileExtension(isPlain: plain))")
    }
}

extension SnapshotFormat: ExpressibleByArgument {}
