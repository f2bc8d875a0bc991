/// The five kinds of event, in the order in which `RenderedNames` keeps their names.
enum EventKind: Int, CaseIterable {
    /// A shell command that was run.
    case command
    /// A workspace that was set up from a template.
    case workspaceCreated
    /// A task that was marked as done.
    case taskCompleted
    /// The first event of a session.
    case sessionStarted
    /// The last event of a session.
    case sessionEnded

    /// The value of the key `event_type`.
    var name: String {
        switch self {
        case .command: "command"
        case .workspaceCreated: "workspace_created"
        case .taskCompleted: "task_completed"
        case .sessionStarted: "session_started"
        case .sessionEnded: "session_ended"
        }
    }
}

/// The template, services and ports of an event. Events of new workspaces have them, and so do events of commands that
/// start services.
struct ServiceUse {
    /// The index of the template in the catalogue.
    let template: Int
    /// The number of services that run.
    let services: Int
    /// The number of network ports that the services occupy.
    let ports: Int
}

/// One event before it is written as text. A property that is nil is left out.
///
/// Names are stored as indices into the catalogue, so that no text is built before an event is written.
struct Event {
    /// The day in UTC, as days since 1970-01-01.
    let day: Int
    /// The time within the day, in milliseconds.
    let millisecond: Int
    /// The session that the event belongs to.
    let session: SessionName
    /// What happened.
    let kind: EventKind
    /// The index of the workspace in the catalogue.
    var workspace: Int?
    /// The index of the task in the catalogue.
    var task: Int?
    /// The index of the command in the catalogue.
    var command: Int?
    /// The duration, in milliseconds.
    var duration: Int?
    /// Whether the event succeeded; nil if it has no outcome.
    var success: Bool?
    /// The index of the error category in the catalogue. Nil unless the event failed.
    var errorCategory: Int?
    /// The template with its services and ports.
    var serviceUse: ServiceUse?

    /// Creates an event that has only a time, a session and a kind.
    init(day: Int, millisecond: Int, session: SessionName, kind: EventKind) {
        self.day = day
        self.millisecond = millisecond
        self.session = session
        self.kind = kind
    }
}

/// The name of a session, as a number. `LineWriter` writes it as `s-` and eight hexadecimal digits.
struct SessionName {
    /// The number that the name is made of.
    let bits: UInt32

    /// Creates the name of the session with index `ordinal` in the stream. The sessions of a stream have different
    /// names.
    ///
    /// Each step of the mixing is reversible: adding, multiplying by an odd number, and xor with the shifted high bits.
    /// Therefore different ordinals give different names, because a stream has fewer than 2³² sessions.
    init(seed: UInt64, ordinal: Int) {
        var mixed = UInt32(truncatingIfNeeded: RandomNumbers.scrambled(seed) &+ UInt64(ordinal))
        mixed = mixed &* 0x9E37_79B9
        mixed = (mixed ^ (mixed >> 16)) &* 0x85EB_CA6B
        bits = mixed ^ (mixed >> 15)
    }
}
