import Core
import Database
import GRDB
import SystemSupport

/// Counts a transaction's events by usage, result and duration, and adds the counts to the table `usage_rollup`.
/// Observing an event needs no database.
///
/// An event is counted once, by its combination of properties. At the end of the transaction, the aggregates of
/// combinations are summed to the aggregates of the other kinds. This costs less than counting each event for every
/// kind, because there are fewer combinations than events. Tasks are not part of a combination and are counted
/// separately.
struct UsageRollup {
    private var combined = UsageCells(.combination)
    private var byTask = UsageCells(.task)
    private var combinedByTask = UsageCells(.combinationTask)
    private var commands = RollupNames(.command)
    private var workspaces = RollupNames(.workspace)
    private var tasks = RollupNames(.task)
    private var templates = RollupNames(.template)
    private var categories = RollupNames(.errorCategory)
    private var types = RollupNames(.eventType)
    /// The combinations seen. Their members are the indices of names plus 1. The numbers of these names are looked up
    /// at the end of the transaction.
    private var combinations = CombinationNumbers()
    /// Pairs of a combination and a task, each given as its index plus 1.
    private var pairs = KeyNumbering<RollupKey>()
    /// For each type that Nexus knows, its index in `types`; negative if the type was not seen yet.
    private var typePlaces: [6 of Int] = .init(repeating: -1)

    /// Counts one event.
    mutating func observe(_ event: EventRecord, _ known: EventType?, _ payload: Span<UInt8>) {
        observe(
            EventNumbers(
                timestamp: event.timestamp, durationMS: event.durationMS, success: event.success,
                servicesCount: event.servicesCount, portsUsed: event.portsUsed),
            type: payload.extracting(event.eventType), known: known, workspace: payload.extracting(event.workspaceHash),
            task: payload.extracting(event.taskHash), command: payload.extracting(event.command),
            category: payload.extracting(event.errorCategory), template: payload.extracting(event.templateUsed))
    }

    /// The category of a run that the user stopped. The duration of such a run is in its row only, not in the
    /// aggregates. The sum and the percentiles therefore describe the same set of runs.
    private static let interrupted = Array("interrupted".utf8)

    /// Returns the index of the name of a line of several commands. The line has its own name, because its duration is
    /// not the duration of a single command.
    private mutating func place(ofLine command: Span<UInt8>) -> Int {
        var name: [UInt8] = []
        name.append(command)
        name += EventType.lineSuffix.utf8
        return commands.place(of: name.span)
    }

    /// Counts one event whose fields are already separate. A text is empty if the event does not have it.
    @inline(__always)
    mutating func observe(
        _ event: EventNumbers, type: Span<UInt8>, known: EventType?, workspace: Span<UInt8>, task: Span<UInt8>,
        command: Span<UInt8>, category: Span<UInt8>, template: Span<UInt8>
    ) {
        let isInterrupted = event.success == nil && category.equals(Self.interrupted.span)
        let usage = UsageEvent(event, isTimed: !isInterrupted)
        let combination = Combination(
            command: command.isEmpty
                ? 0 : 1 + UInt32(known == .commandLine ? place(ofLine: command) : commands.place(of: command)),
            workspace: workspace.isEmpty ? 0 : 1 + UInt32(workspaces.place(of: workspace)),
            type: 1 + UInt32(place(of: type, known)), outcome: Combination.Outcome(success: event.success),
            category: category.isEmpty ? 0 : 1 + UInt32(categories.place(of: category)),
            template: template.isEmpty ? 0 : 1 + UInt32(templates.place(of: template)),
            services: Combination.amount(event.servicesCount), ports: Combination.amount(event.portsUsed))
        let place = combinations.place(of: combination)
        combined.count(usage, at: place)
        guard !task.isEmpty else { return }
        let taskPlace = tasks.place(of: task)
        byTask.count(usage, at: taskPlace)
        combinedByTask.count(usage, at: pairs.place(of: RollupKey(UInt32(place + 1), UInt32(taskPlace + 1))))
    }

    /// Adds the counts to the table and resets them.
    /// - Parameter kinds: the kinds to write. The counts of all other kinds are dropped.
    mutating func flush(_ kinds: [RollupKind] = RollupKind.allCases, into database: Database) throws {
        try findNumbers(in: database)
        // Events before `combinedFrom` are not counted by combination here. `catchUp` later counts their days as a
        // whole.
        let combinedFrom = try CombinedDays.firstBucket(in: database)
        for kind in kinds {
            let first = RollupKind.filtered.contains(kind) ? combinedFrom : 0
            var (cells, keys) = counted(as: kind)
            guard !cells.isEmpty else { continue }
            if kind.isKeptBySlot {
                try Self.write(cells, .slot, keys, from: first, into: database)
                cells = cells.summed(as: kind, by: .day) { $0 }
            }
            try Self.write(cells, .day, keys, from: first, into: database)
        }
        resetCounts()
        if [commands, workspaces, tasks, templates, categories, types].contains(where: \.isFull) || combinations.isFull
        {
            forgetNames()
        }
    }

    /// Writes the aggregates of a kind. Drops the counts of 15-minute buckets before `bucket`.
    private static func write(
        _ cells: UsageCells, _ grain: RollupGrain, _ keys: [RollupKey], from bucket: Int64, into database: Database
    ) throws {
        var (changes, buckets) = cells.changes(grain, keys: keys)
        if bucket > 0 { changes.removeAll { $0.block.firstBucket < bucket } }
        // Events mostly arrive in order of time. So the table probably has the blocks of their day, but not yet the
        // blocks of their 15-minute bucket.
        try RollupTable.add(RollupTable.Part(changes, buckets, areNew: grain == .slot), in: database)
    }

    /// Discards unwritten counts and the cache, after a rollback or after rows were removed.
    mutating func abandon() {
        resetCounts()
        forgetNames()
    }

    private mutating func resetCounts() {
        combined.removeAll()
        byTask.removeAll()
        combinedByTask.removeAll()
        pairs.removeAll()
    }

    private mutating func forgetNames() {
        commands.forget()
        workspaces.forget()
        tasks.forget()
        templates.forget()
        categories.forget()
        types.forget()
        combinations.forget()
        typePlaces = .init(repeating: -1)
    }

    // MARK: Counting

    /// Returns the index of a type. Most events have a type that Nexus knows. Such a type needs no look-up after its
    /// first event.
    @inline(__always)
    private mutating func place(of type: Span<UInt8>, _ known: EventType?) -> Int {
        guard let known else { return types.place(of: type) }
        let index = known.ordinal
        if typePlaces[index] < 0 { typePlaces[index] = types.place(of: type) }
        return typePlaces[index]
    }

    // MARK: Keys

    private mutating func findNumbers(in database: Database) throws {
        try commands.findNumbers(in: database)
        try workspaces.findNumbers(in: database)
        try tasks.findNumbers(in: database)
        try templates.findNumbers(in: database)
        try categories.findNumbers(in: database)
        try types.findNumbers(in: database)
        try combinations.findNumbers(in: database) { place in
            var combination = place
            combination.command = commands.number(place.command)
            combination.workspace = workspaces.number(place.workspace)
            combination.type = types.number(place.type)
            combination.category = categories.number(place.category)
            combination.template = templates.number(place.template)
            return combination
        }
    }

    /// Returns the aggregates of a kind, and the key of each key index. The aggregates are by 15-minute bucket, or by
    /// day if the kind is only stored by day.
    private func counted(as kind: RollupKind) -> (cells: UsageCells, keys: [RollupKey]) {
        switch kind {
        case .sessionLength: return (UsageCells(kind), [])
        case .combination: return (combined, combinations.numbers.map { RollupKey($0) })
        case .task: return (byTask, tasks.numbers.map { RollupKey($0) })
        case .combinationTask:
            let keys = pairs.keys.map {
                RollupKey(combinations.numbers[Int($0.first) - 1], tasks.numbers[Int($0.second) - 1])
            }
            return (combinedByTask, keys)
        default:
            var keys = KeyNumbering<RollupKey>()
            var places = [Int?](repeating: nil, count: combinations.keys.count)
            for place in combined.places {
                places[place] = combinations.keys[place].key(of: kind).map { keys.place(of: $0) }
            }
            let cells = combined.summed(as: kind, by: kind.isKeptBySlot ? .slot : .day) { places[$0] }
            return (cells, keys.keys.map { numbers(of: $0, kind) })
        }
    }

    /// Returns a key of a kind with the numbers of names in place of their indices.
    private func numbers(of key: RollupKey, _ kind: RollupKind) -> RollupKey {
        func number(_ place: UInt32, _ index: Int) -> UInt32 {
            guard place > 0, index < kind.names.count, let name = kind.names[index] else { return place }
            return names(name).numbers[Int(place) - 1]
        }
        return RollupKey(number(key.first, 0), number(key.second, 1))
    }

    private func names(_ kind: RollupNameKind) -> RollupNames {
        switch kind {
        case .command: commands
        case .workspace: workspaces
        case .task: tasks
        case .template: templates
        case .errorCategory: categories
        case .eventType: types
        }
    }
}

extension UsageEvent {
    @inline(__always)
    fileprivate init(_ event: EventNumbers, isTimed: Bool) {
        // Times before 1970 count as the first millisecond of 1970. Only another program can have written such times.
        timestamp = max(0, event.timestamp)
        slot = TimeBucket.containing(timestamp)
        durationMS = isTimed ? max(0, event.durationMS ?? 0) : 0
        bucket = event.durationMS == nil || !isTimed ? -1 : LatencyScale.bucket(of: durationMS)
        succeeded = event.success == true ? 1 : 0
        failed = event.success == false ? 1 : 0
    }
}

extension RollupNames {
    /// Returns the number of a name, given its index plus 1. Returns 0 (no name) for 0.
    fileprivate func number(_ placePlusOne: UInt32) -> UInt32 {
        placePlusOne == 0 ? 0 : numbers[Int(placePlusOne) - 1]
    }
}
