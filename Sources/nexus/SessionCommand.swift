import ArgumentParser
import Core
import Recording
import Reports
import SystemSupport

struct SessionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session", abstract: "Start, end, list and show sessions.",
        discussion: """
            By default, events belong to the session of the shell that runs the command.

            EXAMPLES
              eval "$(nexus session start)"
              nexus session list
              nexus session show
            """,
        subcommands: [Start.self, End.self, List.self, Show.self])

    /// The shell whose syntax is printed.
    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case sh, bash, zsh, fish

        func export(_ id: String) -> String {
            self == .fish ? "set -gx NEXUS_SESSION \(id);" : "export NEXUS_SESSION=\(id);"
        }

        var unset: String { self == .fish ? "set -e NEXUS_SESSION;" : "unset NEXUS_SESSION;" }
    }

    struct Start: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "start", abstract: "Start a session: eval \"$(nexus session start)\".",
            discussion: """
                EXAMPLES
                  eval "$(nexus session start)"
                  nexus session start --shell fish | source
                """)

        @Option(help: "The shell in whose syntax to print.")
        var shell = Shell.sh

        @Option(help: "The session's id; by default a random id.")
        var id: String?

        func run() throws {
            let session = id ?? Self.randomID()
            guard SessionManager.isValid(session) else {
                throw CommandFailure(
                    "--id must have 1 to \(Limits.sessionBytes) characters of A-Z a-z 0-9 . _ -", .usage)
            }
            try SessionCommand.record(.sessionStarted, of: session)
            try CommandContext.current.write(shell.export(session) + "\n")
        }

        private static func randomID() -> String {
            let digits = String(UInt64.random(in: 0..<1 << 48), radix: 16)
            return "s-" + String(repeating: "0", count: 12 - digits.count) + digits
        }
    }

    struct End: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "end", abstract: "End the session: eval \"$(nexus session end)\".",
            discussion: """
                EXAMPLES
                  eval "$(nexus session end)"
                  nexus session end --shell fish | source
                """)

        @Option(help: "The shell in whose syntax to print.")
        var shell = Shell.sh

        func run() throws {
            guard let session = CommandContext.current.environment("NEXUS_SESSION"), !session.isEmpty else {
                throw CommandFailure("no session to end: NEXUS_SESSION is not set", .usage)
            }
            guard SessionManager.isValid(session) else {
                throw CommandFailure(
                    "cannot end the session: NEXUS_SESSION is not a valid id; set it with 'nexus session start'", .usage
                )
            }
            try SessionCommand.record(.sessionEnded, of: session)
            try CommandContext.current.write(shell.unset + "\n")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the latest sessions.",
            discussion: """
                EXAMPLES
                  nexus session list --limit 5
                  nexus session list 7d --json
                """)

        @OptionGroup(title: "The window") var window: WindowOptions

        @Option(help: ArgumentHelp("Maximum number of sessions.", valueName: "n"))
        var limit = 20

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            guard (1...1000).contains(limit) else { throw ValidationError("--limit must be from 1 to 1000.") }
        }

        func run() async throws {
            let window = try window.window(now: SystemClock().now())
            let data = try DataFolder.readable()
            try await ReadingCommand.storeWaiting(in: data)
            let report = try SessionsReport(window, limit: limit, in: data)
            try CommandContext.current.write(json ? report.json.document : report.text(.ofOutput()))
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show the events of a session in order of time.",
            discussion: """
                EXAMPLES
                  nexus session show
                  nexus session show s-3f2a --json
                """)

        @Argument(help: "The session's id, or a prefix of it; by default the session of this shell.")
        var id: String?

        @Option(
            help: ArgumentHelp("Maximum number of events, from the first event of the session.", valueName: "n"))
        var limit = 200

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            guard (1...10_000).contains(limit) else {
                throw ValidationError("--limit must be from 1 to 10000.")
            }
            guard id?.isEmpty != true else { throw ValidationError("The session's id must not be empty.") }
        }

        func run() async throws {
            try CommandFailure.requireKnownZone()
            let data = try DataFolder.readable()
            let id = id ?? SessionManager.sessionID(environment: CommandContext.current.environment)
            try await ReadingCommand.storeWaiting(in: data)
            let timeline: SessionTimeline
            switch try SessionTimeline.search(id, limit: limit, in: data) {
            case .found(let found): timeline = found
            case .ambiguous:
                throw CommandFailure(
                    "ambiguous session id \(id.escapedForDisplay): several sessions begin with it; give more characters",
                    .rejectedInput)
            case .none:
                throw CommandFailure(
                    "unknown session \(id.escapedForDisplay): it was not recorded; 'nexus session list' lists sessions",
                    .rejectedInput)
            }
            try CommandContext.current.write(json ? timeline.json.document : timeline.text(.ofOutput()))
        }
    }

    private static func record(_ type: EventType, of session: String) throws {
        guard RecordingPolicy.outside() == .on,
            try RecordingPolicy.current(for: .fromEnvironment(CommandContext.current.environment)) == .on
        else { return }
        var event = EventFlags()
        try event.set("--type", type.rawValue)
        try event.set("--session", session)
        let data = try DataFolder.required()
        try SingleEventRecorder(data: data, naming: .none).record(event, durable: false)
        FirstNotice.showIfDue(data)
    }
}
