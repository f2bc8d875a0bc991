import ArgumentParser
import Core
import Logging
import Recording
import Service
import SystemSupport

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the service: take events from a socket and a named pipe, and store what others record.",
        discussion: """
            It serves until SIGTERM, SIGHUP or Ctrl-C, then takes what has come, stores it and ends. Socket and pipe stand in the \
            data folder, or without NEXUS_DATA_DIR in $XDG_RUNTIME_DIR/nexus.

            EXAMPLES
              nexus serve &
              nexus serve --durable --verbose
            """)

    @Flag(help: "Acknowledge on the socket only what would survive a power cut.")
    var durable = false

    @Flag(name: .shortAndLong, help: "Say more about what goes on.")
    var verbose = false

    func run() async throws {
        let data = try DataFolder.required()
        if case .off(let reason) = try RecordingPolicy.current(for: data) {
            throw CommandFailure("nothing to serve: recording is off, as \(reason.escapedForDisplay)", .settings)
        }
        FirstNotice.showIfDue(data)
        var logger = Logger(label: "nexus") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = verbose ? .debug : .notice
        try await EventService(data: data, durable: durable, logger: logger).run()
    }
}
