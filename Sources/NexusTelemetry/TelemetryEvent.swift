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
    /// When it happened, in milliseconds since 1970-01-01T00:00:00Z, from the year 2000 to 9999. Nil for the moment
    /// of recording.
    public var timestamp: Int64?

    /// An event of the given type; the other fields may be set afterwards.
    public init(type: String) {
        self.type = type
    }

    private init() {}

    /// A command that was run.
    public static func command(
        _ command: String, duration: Duration? = nil, success: Bool? = nil, errorCategory: String? = nil,
        workspace: String? = nil, task: String? = nil
    ) -> TelemetryEvent {
        var event = TelemetryEvent()
        event.command = command
        event.duration = duration
        event.success = success
        event.errorCategory = errorCategory
        event.workspace = workspace
        event.task = task
        return event
    }

    /// A workspace was created.
    public static func workspaceCreated(
        _ workspace: String, template: String? = nil, services: Int? = nil, ports: Int? = nil
    ) -> TelemetryEvent {
        var event = TelemetryEvent(type: "workspace_created")
        event.workspace = workspace
        event.template = template
        event.services = services
        event.ports = ports
        return event
    }

    /// A task was completed.
    public static func taskCompleted(
        _ task: String, workspace: String? = nil, duration: Duration? = nil, success: Bool? = nil
    ) -> TelemetryEvent {
        var event = TelemetryEvent(type: "task_completed")
        event.task = task
        event.workspace = workspace
        event.duration = duration
        event.success = success
        return event
    }

    /// A session began.
    public static func sessionStarted(_ session: String? = nil) -> TelemetryEvent {
        var event = TelemetryEvent(type: "session_started")
        event.session = session
        return event
    }

    /// A session ended.
    public static func sessionEnded(_ session: String? = nil) -> TelemetryEvent {
        var event = TelemetryEvent(type: "session_ended")
        event.session = session
        return event
    }
}
