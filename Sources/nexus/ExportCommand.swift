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
            A snapshot is an LZ4 frame that 'lz4 -d' opens. With --format sqlite, the default, it holds a SQLite database \
            with the tables events and sessions, and 'nexus import' takes it back; ndjson and csv hold the events for other \
            tools. The file appears when it is complete; one of the same name is replaced.

            Days are those of your time zone ($TZ). Without a window it holds everything.
            """)

    @Option(help: ArgumentHelp("What it holds: sqlite, ndjson or csv.", valueName: "format"))
    var format = SnapshotFormat.sqlite

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "The file; '-' for standard output. Left out: nexus-<date> in this folder.", valueName: "file"))
    var output: String?

    @OptionGroup(title: "The window") var window: WindowOptions

    @Flag(help: "Print what the snapshot holds as JSON.")
    var json = false

    func validate() throws {
        if json, output == "-" { throw ValidationError("With '-o -' the snapshot itself goes to standard output.") }
    }

    func run() async throws {
        // Recording goes before.
        ThisProcess.makeWay()
        let data = try DataFolder.readable()
        let now = SystemClock().now()
        let target = try target(in: data, now: now)
        let window = try window.window(now: now)
        try await ReadingCommand.storeWaiting(in: data)
        let times = window == .allTime ? nil : window.range
        let bar = ProgressLine(total: 1000)
        let format = format
        let manifest = try await CancelOnSignal.run(ifStopped: "nothing was written") {
            defer { bar?.clear() }
            return try await SyncActor().export(times: times, of: data, as: format, to: target) { done, total in
                if total > 0 { bar?.show(done * 1000 / total) }
            }
        }
        if json { return try File.standardOutput.write(manifest.json.document) }
        guard case .file(let path) = target, File.standardError.isTerminal else { return }
        try File.standardError.write("nexus: \(manifest.events.counted("event")) in \(path.escapedForDisplay)\n")
    }

    private func target(in data: DataFolder, now: Int64) throws -> SnapshotTarget {
        guard output != "-" else {
            // What is piped is for a program; a terminal would only show it as noise.
            guard !File.standardOutput.isTerminal else {
                throw CommandFailure(
                    "a snapshot is not written to a terminal: redirect the output, or name a file", .usage)
            }
            return .standardOutput
        }
        if let output {
            guard !output.isEmpty else { throw CommandFailure("-o takes the name of a file", .usage) }
            guard !data.owns(fileAt: output) else {
                throw CommandFailure(
                    "\(output.escapedForDisplay) is a file that nexus itself keeps its data in: name another", .usage)
            }
            return .file(output)
        }
        return .file("nexus-\(LocalCalendar.day(of: now).text).\(format.fileExtension)")
    }
}

extension SnapshotFormat: ExpressibleByArgument {}
