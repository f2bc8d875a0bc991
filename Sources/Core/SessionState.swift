/// The state of one session, computed from its events. It is a pure state machine; the writer passes it each event.
///
/// The counters always equal a recount of the session's events, whatever the order in which the events arrived.
package struct SessionState: Equatable, Sendable {
    /// Time of the earliest event, milliseconds since 1970.
    package private(set) var startedAt: Int64
    /// The end of the event that ended last, in milliseconds since 1970. The end of an event is its time plus its
    /// duration, if the duration is known.
    package private(set) var lastEventAt: Int64
    /// Whether the event that ended last has the type `session_ended`. A later event opens the session again.
    package private(set) var isEnded: Bool
    package private(set) var commandsExecuted = 0
    package private(set) var workspacesCreated = 0
    package private(set) var tasksCompleted = 0
    package private(set) var errorsEncountered = 0

    /// A session without events; the first event sets its start.
    package init() {
        startedAt = .max
        lastEventAt = .min
        isEnded = false
    }

    /// A session as it was stored.
    package init(
        startedAt: Int64, lastEventAt: Int64, isEnded: Bool, commandsExecuted: Int, workspacesCreated: Int,
        tasksCompleted: Int, errorsEncountered: Int
    ) {
        self.startedAt = startedAt
        self.lastEventAt = lastEventAt
        self.isEnded = isEnded
        self.commandsExecuted = commandsExecuted
        self.workspacesCreated = workspacesCreated
        self.tasksCompleted = tasksCompleted
        self.errorsEncountered = errorsEncountered
    }

    /// Adds one event of the session. `time` is the start of the event.
    package mutating func observe(_ type: EventType?, success: Bool?, at time: Int64, durationMS: Int64? = nil) {
        startedAt = min(startedAt, time)
        let end = min(time + max(0, durationMS ?? 0), max(time, Limits.latestTimestamp))
        if end > lastEventAt {
            lastEventAt = end
            isEnded = type == .sessionEnded
        } else if end == lastEventAt, type == .sessionEnded {
            isEnded = true
        }
        switch type {
        case .command, .commandLine: commandsExecuted += 1
        case .workspaceCreated: workspacesCreated += 1
        case .taskCompleted: tasksCompleted += 1
        default: break
        }
        if success == false { errorsEncountered += 1 }
    }

    /// Merges the state that was computed from other events of the same session.
    package mutating func add(_ other: SessionState) {
        startedAt = min(startedAt, other.startedAt)
        if other.lastEventAt > lastEventAt {
            lastEventAt = other.lastEventAt
            isEnded = other.isEnded
        } else if other.lastEventAt == lastEventAt {
            isEnded = isEnded || other.isEnded
        }
        commandsExecuted += other.commandsExecuted
        workspacesCreated += other.workspacesCreated
        tasksCompleted += other.tasksCompleted
        errorsEncountered += other.errorsEncountered
    }

    /// The time from the start of the first event to the end of the last event, in milliseconds.
    package var durationMS: Int64 { lastEventAt - startedAt }

    /// Returns whether the session is over: it has ended, or its last event ended at least half an hour before `now`.
    package func isOver(at now: Int64) -> Bool {
        isEnded || now - lastEventAt >= Limits.sessionIdleMilliseconds
    }
}
