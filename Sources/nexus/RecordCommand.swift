import ArgumentParser
import Core
import Intake
import Recording
import SystemSupport

struct RecordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Record one event, or with --stdin a stream of them.",
        discussion: """
            An event is safe when the command returns 0. With --stdin every line is a JSON object; a line that is not \
            taken is reported with its number, the rest goes on, and the command returns 65.
            """)

    @OptionGroup(title: "The event") var event: EventOptions

    @Flag(help: "Read events from standard input, one JSON object a line.")
    var stdin = false

    @Flag(help: "With --stdin: reject lines with unknown keys or values that look like a secret.")
    var strict = false

    @Flag(help: "With --stdin: print a line of JSON whenever more events are safe.")
    var ack = false

    @Flag(help: "With --stdin: print the summary as JSON.")
    var json = false

    @Flag(help: "Return only once the event would survive a power cut.")
    var durable = false

    @Flag(help: "When one event cannot be recorded, say so and return 0.")
    var soft = false

    func validate() throws {
        if stdin, let given = event.firstGiven {
            throw ValidationError("--\(given) describes one event; with --stdin the lines do.")
        }
        if stdin, soft { throw ValidationError("--soft goes with one event, not with --stdin.") }
        if !stdin, strict || ack || json { throw ValidationError("--strict, --ack and --json go with --stdin.") }
    }

    func run() async throws {
        // Where the environment or the working folder switches recording off, the data folder is not touched.
        guard stdin || RecordingPolicy.outside() == .on else { return }
        let data = try DataFolder.required()
        if stdin {
            try await StreamCommand(data: data, recording: .current(for: data), command: self).run()
            return
        }
        let parsed = try event.parsed()
        do {
            try recordOne(parsed, in: data)
        } catch {
            guard soft else { throw error }
            CommandFailure(error).say()
        }
    }

    private func recordOne(_ parsed: ParsedEvent, in data: DataFolder) throws(RecordingError) {
        let recording: RecordingPolicy
        do { recording = try RecordingPolicy.current(for: data) } catch { throw .settings(error) }
        guard recording == .on else { return }
        let isDrainDue = try SingleEventRecorder(data: data).record(parsed, durable: durable)
        FirstNotice.showIfDue(data)
        if isDrainDue { DetachedDrain.start() }
    }
}

/// The flags that describe one event.
struct EventOptions: ParsableArguments {
    @Option(help: "What kind of event; 'command' when only --command is given.")
    var type: String?

    @Option(help: "What was run. The first plain words are kept, at most four, to the first flag, path or quote.")
    var command: String?

    @Option(
        help: ArgumentHelp(
            "A shell line, which names the event and is not stored. '-' reads it from standard input; a line in its place is visible to 'ps'.",
            valueName: "text"))
    var line: String?

    @Option(help: "The shell of the line: bash, zsh or fish.")
    var shell: String?

    @Option(help: ArgumentHelp("The status of the line, 0 to 255.", valueName: "n"))
    var exitStatus: String?

    @Option(help: ArgumentHelp("The statuses of its last pipeline.", valueName: "n,n,..."))
    var pipeStatus: String?

    @Option(help: ArgumentHelp("Whether the shell is in another folder than before.", valueName: "yes|no"))
    var folderChanged: String?

    @Option(
        help: ArgumentHelp("How long it took, in milliseconds; a fraction is rounded.", valueName: "n"),
        transform: { text in
            guard let number = Int64(roundingMilliseconds: text) else {
                throw ValidationError("'\(text)' is not a number of milliseconds.")
            }
            return number
        })
    var durationMs: Int64?

    @Flag(help: "It succeeded.")
    var success = false

    @Flag(help: "It failed.")
    var failure = false

    @Option(help: "What kind of failure.")
    var errorCategory: String?

    @Option(help: "The workspace's name; only its keyed hash is kept.")
    var workspace: String?

    @Option(help: "The task's name; only its keyed hash is kept.")
    var task: String?

    @Option(help: "The template that was used.")
    var template: String?

    @Option(help: ArgumentHelp("How many services.", valueName: "n"))
    var services: Int64?

    @Option(help: ArgumentHelp("How many ports.", valueName: "n"))
    var ports: Int64?

    @Option(help: "The session; by default $NEXUS_SESSION, else the calling shell.")
    var session: String?

    @Option(help: ArgumentHelp("When, RFC 3339 or milliseconds since 1970; by default now.", valueName: "time"))
    var timestamp: String?

    func validate() throws {
        for case (let name, let value?) in shellOptions {
            var options = ShellLineOptions()
            guard options.set(name, value) else { throw ValidationError(ShellLineOptions.sentence(name) + ".") }
        }
        if success && failure { throw ValidationError("--success and --failure exclude each other.") }
    }

    private var shellOptions: [(String, String?)] {
        [
            ("--line", line), ("--shell", shell), ("--exit-status", exitStatus), ("--pipe-status", pipeStatus),
            ("--folder-changed", folderChanged),
        ]
    }

    /// The name of a flag that was given; nil when none was.
    var firstGiven: String? {
        let given: [(String, Bool)] = [
            ("type", type != nil), ("command", command != nil), ("duration-ms", durationMs != nil),
            ("success", success), ("failure", failure), ("error-category", errorCategory != nil),
            ("workspace", workspace != nil), ("task", task != nil), ("template", template != nil),
            ("services", services != nil), ("ports", ports != nil), ("session", session != nil),
            ("timestamp", timestamp != nil),
        ]
        let first = shellOptions.first { $0.1 != nil }?.0.dropFirst(2)
        return given.first { $0.1 }?.0 ?? first.map(String.init)
    }

    /// The event, ready for intake.
    func parsed() throws -> ParsedEvent {
        var parsed = ParsedEvent()
        let texts: [(EventField, String?)] = [
            (.eventType, type), (.command, command), (.errorCategory, errorCategory), (.workspace, workspace),
            (.task, task), (.templateUsed, template), (.sessionID, session),
        ]
        for case (let field, let text?) in texts { parsed.set(field, text) }
        let numbers: [(EventField, Int64?)] = [
            (.durationMS, durationMs), (.servicesCount, services), (.portsUsed, ports),
        ]
        for case (let field, let number?) in numbers { parsed.set(field, number) }
        if let timestamp { parsed.set(timestamp: timestamp) }
        if success || failure { parsed.set(success: success) }
        var options = ShellLineOptions()
        for case (let name, let value?) in shellOptions { _ = options.set(name, value) }
        try options.apply(to: &parsed)
        return parsed
    }
}
