/// The five kinds of event, in the order in which the writer keeps their names.
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

/// What a template started: recorded with new workspaces and with commands that bring services up.
struct ServiceUse {
    /// The place of the template in the catalogue.
    let template: Int
    /// The number of services that run.
    let services: Int
    /// The number of network ports that the services occupy.
    let ports: Int
}

/// One event before it becomes text; `nil` stands for a key that is left out.
///
/// Names are kept as places in the catalogue, so that no text is built for an event before it is written.
struct Event {
    /// The day in UTC, as days since 1970-01-01.
    let day: Int
    /// The time within the day, in milliseconds.
    let millisecond: Int
    /// The session the event belongs to.
    let session: SessionName
    /// What happened.
    let kind: EventKind
    /// The place of the workspace in the catalogue.
    var workspace: Int?
    /// The place of the task in the catalogue.
    var task: Int?
    /// The place of the command in the catalogue.
    var command: Int?
    /// How long it took, in milliseconds.
    var duration: Int?
    /// Whether it succeeded.
    var success: Bool?
    /// The place of the error category in the catalogue; only present after a failure.
    var errorCategory: Int?
    /// The template with its services and ports.
    var serviceUse: ServiceUse?

    /// An event that so far has nothing but its time, session and kind.
    init(day: Int, millisecond: Int, session: SessionName, kind: EventKind) {
        self.day = day
        self.millisecond = millisecond
        self.session = session
        self.kind = kind
    }
}

/// The identity of a session, as a number that the writer shows as `s-` and eight hexadecimal digits.
struct SessionName {
    /// The number behind the name.
    let bits: UInt32

    /// The name of the session with this place in the stream; no two sessions of one stream share a name.
    ///
    /// Adding, multiplying by an odd number and folding high bits onto low ones can all be undone, and no
    /// stream has more sessions than a word of 32 bits can tell apart, which is why names never collide.
    init(seed: UInt64, ordinal: Int) {
        var mixed = UInt32(truncatingIfNeeded: RandomNumbers.scrambled(seed) &+ UInt64(ordinal))
        mixed = mixed &* 0x9E37_79B9
        mixed = (mixed ^ (mixed >> 16)) &* 0x85EB_CA6B
        bits = mixed ^ (mixed >> 15)
    }
}
