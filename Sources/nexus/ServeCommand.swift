import Application
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
            data folder, or without NEXUS_DATA_DIR in $XDG_RUNTIME_DIR/nexus. A service manager may pass both (LISTEN_FDS).

            --install writes units for systemd into ~/.config/systemd/user, with which the service runs without a network and \
            starts when something comes; nothing is enabled by that.

            EXAMPLES
              nexus serve
              nexus serve --install
              nexus serve --uninstall
            """)

    @Flag(help: "Write the units of systemd for this user, and print how to enable them.")
    var install = false

    @Flag(help: "Remove those units.")
    var uninstall = false

    @Flag(help: "Acknowledge on the socket only what would survive a power cut.")
    var durable = false

    @Flag(name: .shortAndLong, help: "Say more about what goes on.")
    var verbose = false

    func validate() throws {
        if install, uninstall { throw ValidationError("--install and --uninstall exclude each other.") }
        if install || uninstall, durable || verbose {
            throw ValidationError("--install and --uninstall go alone.")
        }
    }

    func run() async throws {
        let data = try DataFolder.required()
        if install || uninstall { return try changeUnits(data) }
        if case .off(let reason) = try RecordingPolicy.current(for: data) {
            throw CommandFailure("nothing to serve: recording is off, as \(reason.escapedForDisplay)", .settings)
        }
        FirstNotice.showIfDue(data)
        var logger = Logger(label: "nexus") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = verbose ? .debug : .notice
        try await EventService(data: data, durable: durable, logger: logger).run()
    }

    private func changeUnits(_ data: DataFolder) throws {
        let templates = ServiceUnits.Templates(
            service: String(decoding: PackageResources.nexus_service, as: UTF8.self),
            socket: String(decoding: PackageResources.nexus_socket, as: UTF8.self))
        let environment = CommandContext.current.environment
        guard let program = ExecutablePath.current,
            let units = ServiceUnits(templates, program: program, data: data, environment: environment)
        else {
            throw CommandFailure("units not written: HOME or /proc is missing; set HOME", .inputOutput)
        }
        let paths = try install ? units.install() : units.uninstall()
        var lines = paths.map { (install ? "Written: " : "Removed: ") + $0.escapedForDisplay }
        if paths.isEmpty { lines = ["No units of Nexus are there."] }
        if install {
            lines.append("To enable: systemctl --user daemon-reload && systemctl --user enable --now nexus.socket")
        }
        try CommandContext.current.write(lines.joined(separator: "\n") + "\n")
    }
}
