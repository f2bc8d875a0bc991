import ArgumentParser
import EventModel
import Platform
import Reports
import Store

struct TelemetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "telemetry", abstract: "See what is recorded.", subcommands: [Status.self],
        defaultSubcommand: Status.self)

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Show whether events are recorded, where they are, and the books.",
            discussion: "It writes nothing: what waits in the buffer is counted, not stored.")

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let data = try DataFolder.required()
            let books = try StoreReader(data: data)?.books() ?? Books(pendingIn: data)
            let report = BooksReport(
                recording: .of(environment: Environment.value), folder: data.folder.path, bytes: try data.folder.size(),
                books: books)
            try File.standardOutput.write(json ? JSONText.of(report.json) : report.text)
        }
    }
}
