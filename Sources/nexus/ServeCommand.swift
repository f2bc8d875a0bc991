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
        abstract: "Run the service: accept events on a socket and a named pipe, and store pending events.",
        discussion: """
            It runs until SIGTERM, SIGHUP or Ctrl-C, then accepts and stores the events that have arrived, and exits. \
            If NEXUS_DATA_DIR is set, the socket and the pipe are in the data folder, else in $XDG_RUNTIME_DIR/nexus. \
            A service manager may open both and pass them (LISTEN_FDS).

            --install writes systemd units into ~/.config/systemd/user and does not enable them. The units keep the \
            service from using the network, and start it when an event arrives.

            EXAMPLES
              nexus serve
              nexus serve --install
              nexus serve --uninstall
            """)

    @Flag(help: "Write systemd units for this user, and print how to enable them.")
    var install = false

    @Flag(help: "Remove the systemd units.")
    var uninstall = false

    @Flag(help: "Acknowledge events on the socket once they would survive a power cut.")
    var durable = false

    @Flag(name: .shortAndLong, help: "Log more messages.")
    var verbose = false

    func validate() throws {
        if install, uninstall { throw ValidationError("--install and --uninstall exclude each other.") }
        if install || uninstall, durable || verbose {
            throw ValidationError("--install and --uninstall exclude other options.")
        }
    }

    func run() async throws {
        let data = try DataFolder.required()
        if install || uninstall { return try changeUnits(data) }
        if case .off(let reason) = try RecordingPolicy.current(for: data) {
            throw CommandFailure("cannot serve: recording is off, as \(reason.escapedForDisplay)", .settings)
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
        if paths.isEmpty { lines = ["No units of Nexus are installed."] }
        if install {
            lines.append("To enable: systemctl --user daemon-reload && systemctl --user enable --now nexus.socket")
        }
        try CommandContext.current.write(lines.joined(separator: "\n") + "\n")
    }
}
