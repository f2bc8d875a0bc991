/// An event, as a program passes it to `Telemetry.record(_:)`.
///
/// Every field is optional, but an event needs a `type`, a `command` or a `shellLine`. An event that breaks a rule of a
/// field is not stored. It counts as rejected, and no part of it is written to disk. A text that looks like a key or a
/// token is left out, and the rest of the event is stored. Literals and strings that the program already has are passed
/// without an allocation.
public struct TelemetryEvent: Sendable, Equatable {
    /// The kind of event, an identifier: 1 to 64 of `A-Z a-z 0-9 . _ -`, beginning with a letter or digit. If nil, the
    /// type is `command`, or `command_line` for a shell line of several commands. Nexus itself knows `command`,
    /// `command_line`, `workspace_created`, `task_completed`, `session_started` and `session_ended`; any other
    /// identifier is a type too.
    public var type: String?
    /// The command that was run. Its first plain words are kept, at most four; flags, paths, quotes and values are not.
    public var command: String?
    /// The duration, kept in whole milliseconds: from zero to a year.
    public var duration: Duration?
    /// Whether the command or task succeeded. Nil if this is unknown, or if the event cannot fail.
    public var success: Bool?
    /// The kind of failure, an identifier like `type`.
    public var errorCategory: String?
    /// The workspace's name, at most 4096 bytes. Only its keyed hash is kept; the name stays in memory.
    public var workspace: String?
    /// The task's name, at most 4096 bytes. Only its keyed hash is kept; the name stays in memory.
    public var task: String?
    /// The template that was used, an identifier like `type`.
    public var template: String?
    /// The number of services that the event concerned, 0 to 1 000 000.
    public var services: Int?
    /// The number of ports that the event used, 0 to 65 536.
    public var ports: Int?
    /// The session that the event belongs to: 1 to 64 of `A-Z a-z 0-9 . _ -`. Nil for the default session. The default
    /// session is `$NEXUS_SESSION`, or else the session of the process that started this process.
    public var session: String?
    /// The time when the event began, in milliseconds since 1970-01-01T00:00:00Z, from the year 2000 to a day ahead of
    /// the computer's clock. Nil for the time of recording minus the duration.
    public var timestamp: Int64?

    /// A shell line that was run; nil for none. If `command` is nil, the event gets its name from this line. The line
    /// is not stored.
    public var shellLine: ShellLineRun?

    /// Makes an event with the given fields.
    @inlinable
    public init(
        type: String? = nil, command: String? = nil, duration: Duration? = nil, success: Bool? = nil,
        errorCategory: String? = nil, workspace: String? = nil, task: String? = nil, template: String? = nil,
        services: Int? = nil, ports: Int? = nil, session: String? = nil, timestamp: Int64? = nil
    ) {
        self.type = type
        self.command = command
        self.duration = duration
        self.success = success
        self.errorCategory = errorCategory
        self.workspace = workspace
        self.task = task
        self.template = template
        self.services = services
        self.ports = ports
        self.session = session
        self.timestamp = timestamp
        shellLine = nil
    }

    /// Returns an event of a shell line that was run. The rules of the shell hooks name the event. A line of several
    /// commands gets the type `command_line`.
    public static func shellLine(
        _ run: ShellLineRun, duration: Duration? = nil, success: Bool? = nil, workspace: String? = nil,
        task: String? = nil
    ) -> TelemetryEvent {
        var event = TelemetryEvent(duration: duration, success: success, workspace: workspace, task: task)
        event.shellLine = run
        return event
    }

    /// Returns an event of a command that was run.
    @inlinable
    public static func command(
        _ command: String, duration: Duration? = nil, success: Bool? = nil, errorCategory: String? = nil,
        workspace: String? = nil, task: String? = nil
    ) -> TelemetryEvent {
        TelemetryEvent(
            command: command, duration: duration, success: success, errorCategory: errorCategory, workspace: workspace,
            task: task)
    }

    /// Returns an event of a workspace that was created.
    @inlinable
    public static func workspaceCreated(
        _ workspace: String, template: String? = nil, services: Int? = nil, ports: Int? = nil
    ) -> TelemetryEvent {
        TelemetryEvent(
            type: "workspace_created", workspace: workspace, template: template, services: services, ports: ports)
    }

    /// Returns an event of a task that was completed.
    @inlinable
    public static func taskCompleted(
        _ task: String, workspace: String? = nil, duration: Duration? = nil, success: Bool? = nil
    ) -> TelemetryEvent {
        TelemetryEvent(type: "task_completed", duration: duration, success: success, workspace: workspace, task: task)
    }

    /// Returns an event of a session's start.
    @inlinable
    public static func sessionStarted(_ session: String? = nil) -> TelemetryEvent {
        TelemetryEvent(type: "session_started", session: session)
    }

    /// Returns an event of a session's end.
    @inlinable
    public static func sessionEnded(_ session: String? = nil) -> TelemetryEvent {
        TelemetryEvent(type: "session_ended", session: session)
    }
}
