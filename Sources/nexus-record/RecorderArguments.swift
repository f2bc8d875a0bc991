import Core
import Intake
import Recording
import SystemSupport

/// The flags of `nexus-record`: those of `nexus record` that describe one event, `--durable`, and `--soft`.
///
/// `--name value` and `--name=value` both work, as they do there.
struct RecorderArguments {
    enum Request {
        case record, stream, help, version
    }

    /// The command was not used as it wants to be.
    struct Misuse: Error {
        let sentence: String
    }

    private(set) var request = Request.record
    private(set) var parsed = ParsedEvent()
    private(set) var isDurable = false
    /// Whether a failure to record is only said, and the exit code is 0 all the same.
    private(set) var isSoft = false
    private var outcome: Bool?
    private var result = ShellLineOptions()

    init(_ arguments: some Collection<RawArgument>) throws(Misuse) {
        let texts = try arguments.map { (argument) throws(Misuse) in
            guard let text = argument.exactText else {
                throw Misuse(sentence: "'\(argument.text.escapedForDisplay)' is not UTF-8: say it in UTF-8")
            }
            return text
        }
        var rest = texts.makeIterator()
        while let argument = rest.next() {
            let (name, value) = Self.split(argument)
            if value == nil, try takeFlag(name) { continue }
            if ShellLineOptions.names.contains(name) {
                guard let text = value ?? rest.next() else { throw Misuse(sentence: "\(name) needs a value") }
                guard result.set(name, text) else { throw Misuse(sentence: ShellLineOptions.sentence(name)) }
                continue
            }
            guard let field = Self.field(name) else {
                throw Misuse(sentence: "unknown option '\(argument.escapedForDisplay)'; --help lists them")
            }
            guard let text = value ?? rest.next() else { throw Misuse(sentence: "\(name) needs a value") }
            try set(field, text, name)
        }
        if let outcome { parsed.set(success: outcome) }
        if request == .record {
            do throws(SystemError) { try result.apply(to: &parsed) } catch { throw Misuse(sentence: error.description) }
        }
    }

    /// The field that an option sets; nil for any other text. No dictionary: to make its type when the program runs would
    /// cost as much as all else that the program does.
    private static func field(_ name: String) -> EventField? {
        switch name {
        case "--type": .eventType
        case "--command": .command
        case "--duration-ms": .durationMS
        case "--error-category": .errorCategory
        case "--workspace": .workspace
        case "--task": .task
        case "--template": .templateUsed
        case "--services": .servicesCount
        case "--ports": .portsUsed
        case "--session": .sessionID
        case "--timestamp": .timestamp
        default: nil
        }
    }

    private static func split(_ argument: String) -> (name: String, value: String?) {
        guard argument.hasPrefix("--"), let equals = argument.utf8.firstIndex(of: UInt8(ascii: "=")) else {
            return (argument, nil)
        }
        return (String(argument[..<equals]), String(argument[argument.utf8.index(after: equals)...]))
    }

    private mutating func takeFlag(_ name: String) throws(Misuse) -> Bool {
        switch name {
        case "--success", "--failure":
            let success = name == "--success"
            guard outcome == nil || outcome == success else {
                throw Misuse(sentence: "--success and --failure exclude each other")
            }
            outcome = success
        case "--durable": isDurable = true
        case "--stdin": request = .stream
        case "--soft": isSoft = true
        case "--help", "-h": request = .help
        case "--version": request = .version
        default: return false
        }
        return true
    }

    private mutating func set(_ field: EventField, _ text: String, _ name: String) throws(Misuse) {
        switch field {
        case .durationMS:
            guard let number = Int64(roundingMilliseconds: text) else {
                throw Misuse(sentence: "\(name) takes a number of milliseconds")
            }
            parsed.set(field, number)
        case .servicesCount, .portsUsed:
            guard let number = Int64(text) else { throw Misuse(sentence: "\(name) takes a whole number") }
            parsed.set(field, number)
        case .timestamp:
            parsed.set(timestamp: text)
        default:
            parsed.set(field, text)
        }
    }

    static let help = """
        Usage: nexus-record [options]

        Records one event. It is safe when the command returns 0.

          --stdin                  read events from standard input, one JSON object a line
          --line <text>            a shell line, which names the event and is not stored; - reads it from standard input,
                                   where no list of processes shows it
          --shell <shell>          the shell of the line: bash, zsh or fish
          --exit-status <n>        the status of the line
          --pipe-status <n,n,...>  the statuses of its last pipeline
          --folder-changed <yes|no>  whether the shell is in another folder than before
          --type <type>            what kind of event; 'command' when only --command is given
          --command <command>      what was run: the first plain words are kept, at most four
          --duration-ms <n>        how long it took, in milliseconds
          --success, --failure     how it ended
          --error-category <id>    what kind of failure
          --workspace <name>       only its keyed hash is kept
          --task <name>            only its keyed hash is kept
          --template <id>          the template that was used
          --services <n>           how many services
          --ports <n>              how many ports
          --session <id>           by default $NEXUS_SESSION, else the calling shell
          --timestamp <time>       RFC 3339 or milliseconds since 1970; by default now
          --durable                return only once the event would survive a power cut
          --soft                   when recording fails, say so and return 0
          --version, -h, --help

        """
}
