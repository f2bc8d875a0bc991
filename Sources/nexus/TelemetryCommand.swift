import ArgumentParser
import EventModel
import Platform
import Reports
import Service
import Store

struct TelemetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "telemetry", abstract: "See what is recorded, switch it on and off, remove it.",
        subcommands: [Status.self, On.self, Off.self], defaultSubcommand: Status.self)

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
                recording: try .current(for: data), folder: data.folder.path, bytes: try data.folder.size(),
                books: books)
            try File.standardOutput.write(json ? JSONText.of(report.json) : report.text)
        }
    }

    struct On: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "on", abstract: "Switch recording on.",
            discussion: "The environment and .nexus-telemetry-off files still switch it off where they apply.")

        func run() async throws {
            let data = try DataFolder.required()
            try TelemetryControl(data: data).switchOn()
            if case .off(let reason) = try RecordingSwitch.current(for: data) {
                try File.standardOutput.write("Recording is on, but not here: \(reason.escapedForDisplay).\n")
            } else {
                try File.standardOutput.write("Recording is on.\n")
            }
        }
    }

    struct Off: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "off", abstract: "Switch recording off, in everything that runs as well.",
            discussion: """
                What was recorded stays as it is. When the command returns, nothing more is written to the data folder: not \
                by the service, a stream or a program that runs, nor by anything that starts.
                """)

        func run() async throws {
            guard try await TelemetryControl(data: .required()).switchOff() else {
                throw CommandFailure(
                    "recording is off, but a nexus process has not ended its work on the database yet", .tryAgain)
            }
            try File.standardOutput.write("Recording is off.\n")
        }
    }
}
