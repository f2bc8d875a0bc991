import ArgumentParser
import Core
import Recording
import SystemSupport

struct RecordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Record one event, or a stream of events with --stdin.",
        discussion: """
            Once the command returns 0, the event survives the crash of any program. With --stdin, every line is a \
            JSON object. If lines are rejected, the command reports each with its number, records the other lines, and \
            returns 65.

            EXAMPLES
              nexus record --command "swift build" --duration-ms 8200 --success
              nexus record --stdin <events.ndjson
            """)

    @OptionGroup(title: "The event") var event: EventOptions

    @Flag(help: "Read events from standard input, one JSON object a line.")
    var stdin = false

    @Flag(help: "With --stdin: reject lines with unknown keys or values that look like a secret.")
    var strict = false

    @Flag(
        help: """
            With --stdin: print a line of JSON with the numbers of accepted and rejected events after each chunk of \
            input.
            """)
    var ack = false

    @Flag(help: "With --stdin: print the summary as JSON.")
    var json = false

    @Flag(help: "Return once the event would survive a power cut.")
    var durable = false

    @Flag(help: "If the event cannot be recorded, print the reason and return 0.")
    var soft = false

    func validate() throws {
        if stdin, let given = event.firstGiven {
            throw ValidationError(
                "\(given) and --stdin exclude each other: with --stdin, the lines describe the events.")
        }
        if stdin, soft { throw ValidationError("--soft and --stdin exclude each other.") }
        if !stdin, strict || ack || json { throw ValidationError("--strict, --ack and --json need --stdin.") }
    }

    func run() async throws {
        // If the environment or the working folder switches recording off, the data folder is not touched.
        guard stdin || RecordingPolicy.outside() == .on else { return }
        let data = try DataFolder.required()
        if stdin {
            try await StreamCommand(data: data, recording: .current(for: data), command: self).run()
            return
        }
        let flags = try event.flags()
        do {
            try recordOne(flags, in: data)
        } catch {
            guard soft else { throw error }
            CommandFailure(error).say()
        }
    }

    private func recordOne(_ event: EventFlags, in data: DataFolder) throws(RecordingError) {
        let settings: Settings
        do { settings = try SettingsFile(data).load() } catch { throw .settings(error) }
        guard RecordingPolicy.of(settings) == .on else { return }
        let recorder = SingleEventRecorder(data: data, naming: settings.naming)
        let isDrainDue = try recorder.record(event, durable: durable)
        FirstNotice.showIfDue(data)
        if isDrainDue { DetachedDrain.start() }
    }
}

/// The flags that describe one event (`EventFlags`).
struct EventOptions: ParsableArguments {
    @Option(help: EventFlags.help("--line")) var line: String?
    @Option(help: EventFlags.help("--shell")) var shell: String?
    @Option(help: EventFlags.help("--exit-status")) var exitStatus: String?
    @Option(help: EventFlags.help("--pipe-status")) var pipeStatus: String?
    @Option(help: EventFlags.help("--folder-changed")) var folderChanged: String?
    @Option(help: EventFlags.help("--type")) var type: String?
    @Option(help: EventFlags.help("--command")) var command: String?
    @Option(help: EventFlags.help("--duration-ms")) var durationMs: String?
    @Flag(help: "The command succeeded.") var success = false
    @Flag(help: "The command failed.") var failure = false
    @Option(help: EventFlags.help("--error-category")) var errorCategory: String?
    @Option(help: EventFlags.help("--workspace")) var workspace: String?
    @Option(help: EventFlags.help("--task")) var task: String?
    @Option(help: EventFlags.help("--template")) var template: String?
    @Option(help: EventFlags.help("--services")) var services: String?
    @Option(help: EventFlags.help("--ports")) var ports: String?
    @Option(help: EventFlags.help("--session")) var session: String?
    @Option(help: EventFlags.help("--timestamp")) var timestamp: String?

    func validate() throws {
        if success && failure { throw ValidationError("--success and --failure exclude each other.") }
        _ = try flags()
    }

    private var values: [(name: String, value: String?)] {
        [
            ("--line", line), ("--shell", shell), ("--exit-status", exitStatus), ("--pipe-status", pipeStatus),
            ("--folder-changed", folderChanged), ("--type", type), ("--command", command),
            ("--duration-ms", durationMs), ("--error-category", errorCategory), ("--workspace", workspace),
            ("--task", task), ("--template", template), ("--services", services), ("--ports", ports),
            ("--session", session), ("--timestamp", timestamp),
        ]
    }

    /// The name of the first given flag; nil when none was given.
    var firstGiven: String? {
        values.first { $0.value != nil }?.name ?? (success ? "--success" : failure ? "--failure" : nil)
    }

    /// Returns the given flags.
    func flags() throws -> EventFlags {
        var flags = EventFlags()
        for case (let name, let value?) in values {
            do { try flags.set(name, value) } catch { throw ValidationError(error.description + ".") }
        }
        if success || failure { flags.set(success: success) }
        return flags
    }
}

extension EventFlags {
    /// Returns the help of a flag in the form of the argument parser.
    fileprivate static func help(_ name: String) -> ArgumentHelp {
        guard let flag = all.first(where: { $0.name == name }) else { preconditionFailure("the table has every flag") }
        return ArgumentHelp("\(flag.help)", valueName: flag.value)
    }
}
