import Glibc

/// The day, start and length of a session, from which `Session` produces the events.
struct SessionPlan {
    /// The index of the session among all sessions of the stream.
    let ordinal: Int
    /// The day in UTC, as days since 1970-01-01.
    let day: Int
    /// The time of the first event within the day, in milliseconds.
    let start: Int
    /// The number of events, including the first and the last event; at least 1.
    let events: Int
}

/// A session that produces its events one by one, in order of time.
///
/// A session never runs past midnight UTC. Its pauses and durations are limited to the time that remains in the day.
struct Session {
    /// The time of the next event within the day, in milliseconds.
    private(set) var millisecond: Int
    /// The number of events that the session has not produced yet.
    private(set) var remaining: Int

    private let day: Int
    private let name: SessionName
    private var random: RandomNumbers
    private var workspace: Int
    private var task: Int
    private var isFirst = true
    private var isFailing = false
    private var lastCommand = 0

    /// Creates a session that has not produced an event yet.
    init(plan: SessionPlan, seed: UInt64, catalogue: Catalogue) {
        millisecond = plan.start
        remaining = plan.events
        day = plan.day
        name = SessionName(seed: seed, ordinal: plan.ordinal)
        random = RandomNumbers(seed: seed, stream: UInt64(plan.ordinal) << 1 | 1)
        workspace = catalogue.drawWorkspace(&random)
        task = catalogue.drawTask(in: workspace, &random)
    }

    /// Returns the next event and moves the session to the time of the following event.
    mutating func next(from catalogue: Catalogue) -> Event {
        let (durationNormal, pauseNormal) = random.normalPair()
        // The maximum time for this event and its pause. With this limit for every remaining event, the session ends
        // before midnight.
        let room = (CalendarDay.milliseconds - 1 - millisecond) / remaining
        var event = event(of: drawKind(), durationNormal: durationNormal, catalogue: catalogue)
        if let duration = event.duration {
            event.duration = min(duration, room)
        }
        let pause = Int(Pace.medianPause * exp(Pace.pauseSpread * pauseNormal))
        millisecond += min((event.duration ?? 0) + pause, room)
        remaining -= 1
        isFirst = false
        return event
    }

    private mutating func drawKind() -> EventKind {
        if isFirst { return .sessionStarted }
        if remaining == 1 { return .sessionEnded }
        let draw = random.below(1_000)
        if draw < Pace.workspacesPerThousand { return .workspaceCreated }
        return draw < Pace.workspacesPerThousand + Pace.tasksPerThousand ? .taskCompleted : .command
    }

    private mutating func event(of kind: EventKind, durationNormal: Double, catalogue: Catalogue) -> Event {
        var event = Event(day: day, millisecond: millisecond, session: name, kind: kind)
        switch kind {
        case .command: runCommand(&event, durationNormal, catalogue)
        case .workspaceCreated: createWorkspace(&event, durationNormal, catalogue)
        case .taskCompleted: completeTask(&event, catalogue)
        case .sessionStarted, .sessionEnded: event.workspace = workspace
        }
        return event
    }

    private mutating func runCommand(_ event: inout Event, _ normal: Double, _ catalogue: Catalogue) {
        // A command that failed is often tried again straight away.
        let repeats = isFailing && random.chance(Pace.retryAfterFailure)
        let command = repeats ? lastCommand : catalogue.drawCommand(&random)
        lastCommand = command
        let profile = catalogue.commands[command]
        event.workspace = workspace
        event.task = task
        event.command = command
        event.duration = 1 + Int(profile.median * exp(profile.spread * normal))
        // Outcomes are a Markov chain with two states. After a success, a command fails with the risk of its profile.
        // After a failure, the next command fails far more often, because the cause often persists.
        isFailing = random.chance(isFailing ? Pace.failureAfterFailure : profile.risk)
        event.success = !isFailing
        if isFailing {
            event.errorCategory = catalogue.drawErrorCategory(&random)
        }
        if profile.startsServices {
            event.serviceUse = catalogue.drawServiceUse(in: workspace, &random)
        }
    }

    private mutating func createWorkspace(_ event: inout Event, _ normal: Double, _ catalogue: Catalogue) {
        workspace = catalogue.drawWorkspace(&random)
        task = catalogue.drawTask(in: workspace, &random)
        event.workspace = workspace
        event.duration = 1 + Int(Pace.medianCreation * exp(Pace.creationSpread * normal))
        let fails = random.chance(Pace.creationRisk)
        event.success = !fails
        if fails {
            event.errorCategory = catalogue.drawErrorCategory(&random)
        }
        event.serviceUse = catalogue.drawServiceUse(in: workspace, &random)
    }

    private mutating func completeTask(_ event: inout Event, _ catalogue: Catalogue) {
        event.workspace = workspace
        event.task = task
        event.success = true
        task = catalogue.drawTask(in: workspace, &random)
    }
}

/// The constants that describe how users work in a session. Times are in milliseconds.
enum Pace {
    /// The median pause between two events.
    static let medianPause = 24_000.0
    /// The standard deviation of the logarithm of the pause.
    static let pauseSpread = 1.2
    /// The median time to set up a workspace.
    static let medianCreation = 18_000.0
    /// The standard deviation of the logarithm of the time to set up a workspace.
    static let creationSpread = 0.6
    /// The probability that setting up a workspace fails.
    static let creationRisk = 0.03
    /// The probability that the command after a failed command fails as well.
    static let failureAfterFailure = 0.42
    /// The probability that the user repeats a failed command as the next command.
    static let retryAfterFailure = 0.55
    /// How many of a thousand events within a session create a workspace.
    static let workspacesPerThousand = 8
    /// How many of a thousand events within a session complete a task.
    static let tasksPerThousand = 30
}
