import Core
import Recording
import SystemSupport

/// The flags of `nexus-record`: the event flags, which `nexus record` has too, and `--stdin`, `--durable` and `--soft`.
///
/// Both programs accept an event flag in the forms `--name value` and `--name=value`.
struct RecorderArguments {
    enum Request {
        case record, stream, help, version
    }

    /// Arguments that the command does not accept.
    struct Misuse: Error {
        let sentence: String
    }

    private(set) var request = Request.record
    private(set) var event = EventFlags()
    private(set) var isDurable = false
    /// Whether the exit code is 0 even if recording fails. The failure is still printed.
    private(set) var isSoft = false
    private var outcome: Bool?

    init(_ arguments: some Collection<RawArgument>) throws(Misuse) {
        let texts = try arguments.map { (argument) throws(Misuse) in
            guard let text = argument.exactText else {
                throw Misuse(
                    sentence: "'\(argument.text.escapedForDisplay)' is not valid UTF-8; pass it in UTF-8")
            }
            return text
        }
        var rest = texts.makeIterator()
        while let argument = rest.next() {
            let (name, value) = Self.split(argument)
            if value == nil, try takeFlag(name) { continue }
            guard EventFlags.isFlag(name) else {
                throw Misuse(sentence: "unknown option '\(argument.escapedForDisplay)'; --help lists the options")
            }
            guard let text = value ?? rest.next() else { throw Misuse(sentence: "\(name) needs a value") }
            do throws(EventFlags.InvalidValue) { try event.set(name, text) } catch {
                throw Misuse(sentence: error.description)
            }
        }
        if let outcome { event.set(success: outcome) }
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

    /// The help text. The event flags and their help come from `EventFlags.all`, which `nexus record` uses too.
    static var help: String {
        var lines = [
            "Usage: nexus-record [options]", "",
            "Records one event. After exit code 0 the event is kept, unless recording is off,",
            "the settings ignore the command, or --soft hid a failure.", "",
        ]
        lines += EventFlags.all.flatMap { line("\($0.name) <\($0.value)>", $0.help) }
        lines += line("--success, --failure", "The outcome.")
        lines += line("--stdin", "Read events from standard input, one JSON object a line.")
        lines += line("--durable", "Return once the event would survive a power cut.")
        lines += line("--soft", "If recording fails, print why and return 0.")
        lines += ["  --version, -h, --help", ""]
        return lines.joined(separator: "\n")
    }

    /// Returns the lines that show a flag and its help, wrapped to 80 columns.
    private static func line(_ flag: String, _ help: String) -> [String] {
        let indent = 28
        var lines = ["  " + flag]
        if lines[0].utf8.count >= indent { lines.append("") }
        lines[lines.count - 1] += String(repeating: " ", count: indent - lines[lines.count - 1].utf8.count)
        for word in help.split(separator: " ") {
            if lines[lines.count - 1].utf8.count + word.utf8.count >= 80 {
                lines.append(String(repeating: " ", count: indent))
            }
            lines[lines.count - 1] += lines[lines.count - 1].utf8.count > indent ? " " + word : String(word)
        }
        return lines
    }
}
