import SystemSupport

/// The event types with a meaning in Nexus; any other identifier is a type too.
package enum EventType: String, CaseIterable, Sendable {
    case command
    case workspaceCreated = "workspace_created"
    case taskCompleted = "task_completed"
    case sessionStarted = "session_started"
    case sessionEnded = "session_ended"
    /// A shell line of several commands, under the name of the first.
    case commandLine = "command_line"

    /// The suffix of the name of a line of several commands, after the first command's name: reports list `make, …`. No command's
    /// name has a comma.
    package static let lineSuffix = ", …"

    /// Whether the event is of a command that was run.
    package var isCommand: Bool { self == .command || self == .commandLine }

    /// Its index in `allCases`, from 0.
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

    /// The names in bytes, by ordinal. Converting each name to a string would cost more than comparing it.
    private static let spellings = allCases.map { Array($0.rawValue.utf8) }

    /// The well-known type named `name`; nil for any other name.
    package init?(_ name: Span<UInt8>) {
        // The length decides which one it can be, so that the common case is one comparison.
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
