/// One thing that happened: what a program hands to `Telemetry.record(_:)`.
///
/// Every field may be left out, but an event needs a `type` or a `command`. What breaks a rule named below is not
/// stored: the event counts as rejected, and nothing of it reaches the disk. Texts that are literals, or that the
/// program has at hand anyway, cost no allocation.
public struct TelemetryEvent: Sendable, Equatable {
    /// The kind of event, an identifier: 1 to 64 of `A-Z a-z 0-9 . _ -`, beginning with a letter or digit. Nil for the
    /// type `command`. Nexus itself knows `command`, `workspace_created`, `task_completed`, `session_started` and
    /// `session_ended`; any other identifier is a type too.
    public var type: String?
    /// What was run. Its first plain words are kept, at most four; flags, paths, quotes and values are not.
    public var command: String?
    /// How long it took, kept in whole milliseconds: from zero to a year.
    public var duration: Duration?
    /// Whether it succeeded; nil when that means nothing.
    public var success: Bool?
    /// What kind of failure, an identifier like `type`.
    public var errorCategory: String?
    /// The workspace's name, at most 4096 bytes. Only its keyed hash is kept; the name stays in memory.
    public var workspace: String?
    /// The task's name, at most 4096 bytes. Only its keyed hash is kept; the name stays in memory.
    public var task: String?
    /// The template that was used, an identifier like `type`.
    public var template: String?
    /// How many services it concerned, 0 to 1 000 000.
    public var services: Int?
    /// How many ports it used, 0 to 65 536.
    public var ports: Int?
    /// The session it belongs to: 1 to 64 of `A-Z a-z 0-9 . _ -`. Nil for the session at hand, which is
    /// `$NEXUS_SESSION` or else the process that started this one.
    public var session: String?
    /// When it began, in milliseconds since 1970-01-01T00:00:00Z, from the year 2000 to a day ahead of the computer's
    /// clock. Nil for the time of recording, less the duration.
    public var timestamp: Int64?

    /// A shell line that was run, which names the event in the place of `command`; nil for none. It is not stored.
    public var shellLine: ShellLineRun?

    /// An event with the given fields.
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

    /// A shell line that was run. The rules that name what the shell hooks record name it: one command, or a
    /// `command_line` of several.
    public static func shellLine(
        _ run: ShellLineRun, duration: Duration? = nil, success: Bool? = nil, workspace: String? = nil,
        task: String? = nil
    ) -> TelemetryEvent {
        var event = TelemetryEvent(duration: duration, success: success, workspace: workspace, task: task)
        event.shellLine = run
        return event
    }

    /// A command that was run.
    @inlinable
    public static func command(
        _ command: String, duration: Duration? = nil, success: Bool? = nil, errorCategory: String? = nil,
        workspace: String? = nil, task: String? = nil
    ) -> TelemetryEvent {
        TelemetryEvent(
            command: command, duration: duration, success: success, errorCategory: errorCategory, workspace: workspace,
            task: task)
    }

    /// A workspace was created.
    @inlinable
    public static func workspaceCreated(
        _ workspace: String, template: String? = nil, services: Int? = nil, ports: Int? = nil
    ) -> TelemetryEvent {
        TelemetryEvent(
            type: "workspace_created", workspace: workspace, template: template, services: services, ports: ports)
    }

    /// A task was completed.
    @inlinable
    public static func taskCompleted(
        _ task: String, workspace: String? = nil, duration: Duration? = nil, success: Bool? = nil
    ) -> TelemetryEvent {
        TelemetryEvent(type: "task_completed", duration: duration, success: success, workspace: workspace, task: task)
    }

    /// A session began.
    @inlinable
    public static func sessionStarted(_ session: String? = nil) -> TelemetryEvent {
        TelemetryEvent(type: "session_started", session: session)
    }

    /// A session ended.
    @inlinable
    public static func sessionEnded(_ session: String? = nil) -> TelemetryEvent {
        TelemetryEvent(type: "session_ended", session: session)
    }
}
