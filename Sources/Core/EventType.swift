import SystemSupport

/// The event types that have a meaning in Nexus. The type of an event may also be any other identifier.
package enum EventType: String, CaseIterable, Sendable {
    case command
    case workspaceCreated = "workspace_created"
    case taskCompleted = "task_completed"
    case sessionStarted = "session_started"
    case sessionEnded = "session_ended"
    /// A shell line of several commands. The event has the name of the first command.
    case commandLine = "command_line"

    /// The suffix by which reports mark a line of several commands. The reports show the name of the line's first
    /// command, followed by this suffix: `make, …`. No command's name contains a comma, so a marked name never equals a
    /// command's name.
    package static let lineSuffix = ", …"

    /// Returns the first command of a line of several commands, given the line's name in reports; nil for any other
    /// name.
    package static func command(ofLine name: String) -> String? {
        name.hasSuffix(lineSuffix) ? String(name.dropLast(lineSuffix.count)) : nil
    }

    /// Whether an event of this type records the run of a command or of a shell line.
    package var isCommand: Bool { self == .command || self == .commandLine }

    /// The type's index in `allCases`, from 0.
    package var ordinal: Int {
        switch self {
        case .command: 0
        case .workspaceCreated: 1
        case .taskCompleted: 2
        case .sessionStarted: 3
        case .sessionEnded: 4
        case .commandLine: 5
        }
    }

    /// The names of the types as bytes, by ordinal. Converting a given name to a string would take longer than
    /// comparing its bytes.
    private static let spellings = allCases.map { Array($0.rawValue.utf8) }

    /// The well-known type named `name`; nil for any other name.
    package init?(_ name: Span<UInt8>) {
        // Each type's name has a different length. Therefore the length of `name` selects the only type to compare
        // with.
        let candidate: EventType
        switch name.count {
        case 7: candidate = .command
        case 12: candidate = .commandLine
        case 13: candidate = .sessionEnded
        case 14: candidate = .taskCompleted
        case 15: candidate = .sessionStarted
        case 17: candidate = .workspaceCreated
        default: return nil
        }
        let spelling = Self.spellings[candidate.ordinal]
        guard spelling.span.equals(name) else { return nil }
        self = candidate
    }
}
