import Glibc

/// One event within a session of the dashboard stream, before it has a time and names.
enum DashboardStep {
    /// A new workspace; it always succeeds.
    case workspaceCreated
    /// A completed task; it always succeeds.
    case taskCompleted
    /// A command with its outcome.
    case command(succeeds: Bool)

    /// Returns every step of the stream in a random order. Of the 400 steps, 24 fail. The success rate is therefore 94
    /// %.
    static func shuffledSteps(_ random: inout RandomNumbers) -> [DashboardStep] {
        var steps = Array(repeating: DashboardStep.workspaceCreated, count: 12)
        steps += Array(repeating: .taskCompleted, count: 47)
        steps += Array(repeating: .command(succeeds: true), count: commandCount)
        random.shuffle(&steps)
        let failing = failingCommands(&random)
        var command = 0
        for place in steps.indices {
            guard case .command = steps[place] else { continue }
            steps[place] = .command(succeeds: !failing[command])
            command += 1
        }
        return steps
    }

    /// Returns for every command whether it fails. The commands are divided into equal slices, and each slice has one
    /// run of consecutive failures.
    private static func failingCommands(_ random: inout RandomNumbers) -> [Bool] {
        var failing = Array(repeating: false, count: commandCount)
        let slice = commandCount / failureRuns.count
        for (place, length) in failureRuns.enumerated() {
            let start = place * slice + random.below(slice - length)
            for command in start..<start + length {
                failing[command] = true
            }
        }
        return failing
    }

    private static let commandCount = 400 - 12 - 47
    /// The lengths of the runs of failures; they add up to 24.
    private static let failureRuns = [1, 5, 2, 4, 3, 1, 4, 4]
}

/// The state of a session of the dashboard stream: its time and its workspace.
struct DashboardPlace {
    /// The day in UTC, as days since 1970-01-01.
    let day: Int
    /// The time of the next event within the day, in milliseconds.
    var millisecond: Int
    let session: SessionName
    /// The index of the current workspace in the catalogue.
    var workspace: Int

    /// Returns an event of the given kind that has only a time, the session and the workspace.
    func boundary(_ kind: EventKind) -> Event {
        var event = Event(day: day, millisecond: millisecond, session: session, kind: kind)
        event.workspace = workspace
        return event
    }

    /// Returns the event for a step. Its duration is at most `longest`, the milliseconds since the previous event.
    mutating func event(
        for step: DashboardStep, longest: Int, catalogue: Catalogue, _ random: inout RandomNumbers
    ) -> Event {
        switch step {
        case .workspaceCreated:
            return workspaceEvent(longest, catalogue, &random)
        case .taskCompleted:
            var event = boundary(.taskCompleted)
            event.task = catalogue.drawTask(in: workspace, &random)
            event.success = true
            return event
        case .command(let succeeds):
            return commandEvent(succeeds, longest, catalogue, &random)
        }
    }

    private mutating func workspaceEvent(
        _ longest: Int, _ catalogue: Catalogue, _ random: inout RandomNumbers
    ) -> Event {
        workspace = catalogue.drawWorkspace(&random)
        var event = boundary(.workspaceCreated)
        let duration = Pace.medianCreation * exp(Pace.creationSpread * random.normalPair().0)
        event.duration = min(1 + Int(duration), longest)
        event.success = true
        event.serviceUse = catalogue.drawServiceUse(in: workspace, &random)
        return event
    }

    private func commandEvent(
        _ succeeds: Bool, _ longest: Int, _ catalogue: Catalogue, _ random: inout RandomNumbers
    ) -> Event {
        let command = catalogue.drawCommand(&random)
        let profile = catalogue.commands[command]
        var event = boundary(.command)
        event.task = catalogue.drawTask(in: workspace, &random)
        event.command = command
        event.duration = min(1 + Int(profile.median * exp(profile.spread * random.normalPair().0)), longest)
        event.success = succeeds
        if !succeeds {
            event.errorCategory = catalogue.drawErrorCategory(&random)
        }
        if profile.startsServices {
            event.serviceUse = catalogue.drawServiceUse(in: workspace, &random)
        }
        return event
    }
}

extension RandomNumbers {
    /// Puts the elements into a random order. All orders are equally likely.
    mutating func shuffle<Element>(_ elements: inout [Element]) {
        for place in elements.indices.dropFirst() {
            elements.swapAt(place, below(place + 1))
        }
    }
}
