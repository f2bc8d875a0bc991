import Core
import Intake
import SystemSupport

/// The flags that describe one event. `nexus record` and `nexus-record` share this table.
package struct EventFlags: Sendable {
    /// A flag that takes a value.
    package struct Flag: Sendable {
        /// The name, with its dashes.
        package let name: String
        /// The placeholder of the value in help.
        package let value: String
        package let help: String
    }

    /// A value that a flag does not accept.
    package struct InvalidValue: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    /// All flags with values, in the order of help.
    package static let all = [
        Flag(
            name: "--line", value: "text",
            help:
                "A shell line, which names the event and is not stored. With '-' the line comes from standard input, "
                + "where 'ps' does not show it."),
        Flag(name: "--shell", value: "shell", help: "The shell of the line: bash, zsh or fish."),
        Flag(name: "--exit-status", value: "n", help: "The status of the line, 0 to 255."),
        Flag(name: "--pipe-status", value: "n,n,...", help: "The statuses of the line's last pipeline."),
        Flag(
            name: "--folder-changed", value: "yes|no", help: "Whether the line changed the folder of the shell."),
        Flag(name: "--type", value: "type", help: "The kind of event; 'command' when only --command is given."),
        Flag(
            name: "--command", value: "command",
            help: "The command. Nexus keeps at most four plain words, up to the first flag, path or quote."),
        Flag(
            name: "--duration-ms", value: "n", help: "The duration in milliseconds; a fraction is rounded."),
        Flag(name: "--error-category", value: "id", help: "The kind of failure."),
        Flag(name: "--workspace", value: "name", help: "The workspace; only its keyed hash is kept."),
        Flag(name: "--task", value: "name", help: "The task; only its keyed hash is kept."),
        Flag(name: "--template", value: "id", help: "The template that was used."),
        Flag(name: "--services", value: "n", help: "The number of services."),
        Flag(name: "--ports", value: "n", help: "The number of ports."),
        Flag(
            name: "--session", value: "id",
            help: "The session; by default $NEXUS_SESSION, else the session of the calling shell."),
        Flag(
            name: "--timestamp", value: "time",
            help: "The start, as RFC 3339 or milliseconds since 1970; by default now minus the duration."),
    ]

    private var event = ParsedEvent()
    private var line: String?
    private var shell = "bash"
    private var status: Int?
    private var pipeStatus: [Int] = []
    private var folderChanged: Bool?

    package init() {}

    /// Returns whether a name belongs to a flag with a value. The method uses a switch, because a search in `all` would
    /// instantiate a generic standard-library type at run time. That would take as long as the rest of the lean
    /// recorder.
    package static func isFlag(_ name: String) -> Bool {
        switch name {
        case "--line", "--shell", "--exit-status", "--pipe-status", "--folder-changed": true
        default: field(name) != nil
        }
    }

    /// Returns the field that a flag sets; nil for the flags of a shell line.
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

    /// Sets the value of a flag.
    package mutating func set(_ name: String, _ value: String) throws(InvalidValue) {
        if let field = Self.field(name) { return try set(field, value, name) }
        switch name {
        case "--line": line = value
        case "--shell": shell = value
        case "--exit-status": status = try Self.status(value[...], name)
        case "--pipe-status":
            pipeStatus = []
            for part in value.split(separator: ",", maxSplits: Limits.shellLineCommands) {
                pipeStatus.append(try Self.status(part, name))
            }
        case "--folder-changed":
            guard value == "yes" || value == "no" else {
                throw InvalidValue(description: "\(name) must be yes or no")
            }
            folderChanged = value == "yes"
        default: throw InvalidValue(description: "unknown option '\(name.escapedForDisplay)'")
        }
    }

    private mutating func set(_ field: EventField, _ text: String, _ name: String) throws(InvalidValue) {
        switch field {
        case .durationMS:
            guard let number = Int64(roundingMilliseconds: text) else {
                throw InvalidValue(description: "\(name) must be a number of milliseconds")
            }
            event.set(field, number)
        case .servicesCount, .portsUsed:
            guard let number = Int64(text) else {
                throw InvalidValue(description: "\(name) must be a whole number")
            }
            event.set(field, number)
        case .timestamp: event.set(timestamp: text)
        default: event.set(field, text)
        }
    }

    private static func status(_ text: Substring, _ name: String) throws(InvalidValue) -> Int {
        guard let number = Int(text), (0...255).contains(number) else {
            throw InvalidValue(description: "\(name) must be from 0 to 255, with commas between several values")
        }
        return number
    }

    /// Sets the outcome.
    package mutating func set(success: Bool) { event.set(success: success) }

    /// Returns the event. If the value of `--line` is `-`, reads the line from standard input. Reading stops after
    /// `Limits.lineBytes` bytes, because the parser of shell lines uses no more bytes.
    func parsed() throws(SystemError) -> ParsedEvent {
        var parsed = event
        parsed.setShellResult(status: status, pipeStatus: pipeStatus, folderChanged: folderChanged)
        guard let line else { return parsed }
        guard line == "-" else {
            parsed.setShellLine(line.utf8, shell: shell)
            return parsed
        }
        var bytes: [UInt8] = []
        while bytes.count <= Limits.lineBytes, try File.standardInput.read(appendingTo: &bytes, limit: 4096) > 0 {}
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        parsed.setShellLine(bytes, shell: shell)
        return parsed
    }
}
