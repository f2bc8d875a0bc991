import Core
import Database
import GRDB
import SystemSupport

/// What was used, how often, how it went and how long it took: counted for a transaction, and then added to the table
/// `usage_rollup`. Taking an event needs no database.
struct UsageRollup {
    /// By kind.
    private var cells = RollupKind.allCases.map(UsageCells.init)
    private var commands = RollupNames(.command)
    private var workspaces = RollupNames(.workspace)
    private var tasks = RollupNames(.task)
    private var templates = RollupNames(.template)
    private var categories = RollupNames(.errorCategory)
    private var types = RollupNames(.eventType)
    private var combinations = CombinationNumbers()
    /// The places of the types that Nexus knows; negative where one was not seen yet.
    private var typePlaces: [6 of Int] = .init(repeating: -1)
    /// What the kinds that are not counted by one name are counted by. Names stand in it as their places plus 1: their
    /// numbers are found at the end of the transaction.
    private var keys = RollupKind.allCases.map { _ in KeyNumbering<RollupKey>() }

    /// Takes one event.
    mutating func observe(_ event: EventRecord, _ known: EventType?, _ payload: Span<UInt8>) {
        observe(
            EventNumbers(
                timestamp: event.timestamp, durationMS: event.durationMS, success: event.success,
                servicesCount: event.servicesCount, portsUsed: event.portsUsed),
            type: payload.extracting(event.eventType), known: known, workspace: payload.extracting(event.workspaceHash),
            task: payload.extracting(event.taskHash), command: payload.extracting(event.command),
            category: payload.extracting(event.errorCategory), template: payload.extracting(event.templateUsed))
    }

    /// The category of a run that the user stopped. Its duration is in its row alone: a sum and percentiles of one set of runs
    /// are kept together.
    private static let interrupted = Array("interrupted".utf8)

    /// The place of a line of several commands: its durations are those of none of them.
    private mutating func place(ofLine command: Span<UInt8>) -> Int {
        var name: [UInt8] = []
        name.append(command)
        name += EventType.lineSuffix.utf8
        return commands.place(of: name.span)
    }

    /// The same for an event whose parts are at hand; texts are empty where it has none.
    @inline(__always)
    mutating func observe(
        _ event: EventNumbers, type: Span<UInt8>, known: EventType?, workspace: Span<UInt8>, task: Span<UInt8>,
        command: Span<UInt8>, category: Span<UInt8>, template: Span<UInt8>
    ) {
        let isInterrupted = event.success == nil && category.equals(Self.interrupted.span)
        let usage = UsageEvent(event, isTimed: !isInterrupted)
        let typePlace = place(of: type, known)
        count(.eventType, usage, at: typePlace)
        var combination = Combination(
            type: UInt32(typePlace + 1), outcome: Combination.Outcome(success: event.success),
            services: Combination.amount(event.servicesCount), ports: Combination.amount(event.portsUsed))
        if !workspace.isEmpty {
            let place = workspaces.place(of: workspace)
            count(.workspace, usage, at: place)
            combination.workspace = UInt32(place + 1)
        }
        if !command.isEmpty {
            let place = known == .commandLine ? place(ofLine: command) : commands.place(of: command)
            count(.command, usage, at: place)
            combination.command = UInt32(place + 1)
        }
        if !category.isEmpty {
            let place = categories.place(of: category)
            count(.errorCategory, usage, at: place)
            combination.category = UInt32(place + 1)
        }
        if event.success == false { count(.failure, usage, RollupKey(combination.command, combination.category)) }
        if !template.isEmpty {
            let place = templates.place(of: template)
            count(.template, usage, at: place)
            combination.template = UInt32(place + 1)
            if combination.command != 0 {
                count(.commandTemplate, usage, RollupKey(combination.command, combination.template))
            }
        }
        if let services = event.servicesCount {
            count(.services, usage, RollupKey(services))
            if combination.command != 0 { count(.commandServices, usage, RollupKey(combination.command, services)) }
        }
        if let ports = event.portsUsed {
            count(.ports, usage, RollupKey(ports))
            if combination.command != 0 { count(.commandPorts, usage, RollupKey(combination.command, ports)) }
        }
        let combinationPlace = combinations.place(of: combination)
        count(.combination, usage, at: combinationPlace)
        if !task.isEmpty {
            let place = tasks.place(of: task)
            count(.task, usage, at: place)
            count(.combinationTask, usage, RollupKey(UInt32(combinationPlace + 1), UInt32(place + 1)))
        }
    }

    /// Adds what was counted to the table and resets the counts.
    /// - Parameter kinds: those that are written; the others are dropped.
    mutating func flush(_ kinds: [RollupKind] = RollupKind.allCases, into database: Database) throws {
        try findNumbers(in: database)
        // Days before this one are counted by combination as a whole, later.
        let combined = try CombinedDays.firstBucket(in: database)
        for kind in kinds {
            let cells = cells[Int(kind.rawValue)]
            guard !cells.isEmpty else { continue }
            let keys = keys(of: kind)
            let first = RollupKind.filtered.contains(kind) ? combined : 0
            if kind.isKeptBySlot { try Self.write(cells, .slot, keys, from: first, into: database) }
            try Self.write(kind.isKeptBySlot ? cells.byDay() : cells, .day, keys, from: first, into: database)
        }
        resetCounts()
        if [commands, workspaces, tasks, templates, categories, types].contains(where: \.isFull) || combinations.isFull
        {
            forgetNames()
        }
    }

    /// - Parameter bucket: what was counted before it is dropped.
    private static func write(
        _ cells: UsageCells, _ grain: RollupGrain, _ keys: [RollupKey], from bucket: Int64, into database: Database
    ) throws {
        var (changes, buckets) = cells.changes(grain, keys: keys)
        if bucket > 0 { changes.removeAll { $0.block.firstBucket < bucket } }
        // Events mostly come in order: their day was written before, their 15-minute bucket was not.
        try RollupTable.add(RollupTable.Part(changes, buckets, areNew: grain == .slot), in: database)
    }

    /// Forgets what was not written, and what it remembers: the transaction was taken back.
    mutating func abandon() {
        resetCounts()
        forgetNames()
    }

    private mutating func resetCounts() {
        for index in keys.indices { keys[index].removeAll() }
        for index in cells.indices { cells[index].removeAll() }
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

    /// The place of a type. Most events are of one that Nexus knows, which needs no look-up.
    @inline(__always)
    private mutating func place(of type: Span<UInt8>, _ known: EventType?) -> Int {
        guard let known else { return types.place(of: type) }
        let index = known.ordinal
        if typePlaces[index] < 0 { typePlaces[index] = types.place(of: type) }
        return typePlaces[index]
    }

    @inline(__always)
    private mutating func count(_ kind: RollupKind, _ event: UsageEvent, at place: Int) {
        cells[Int(kind.rawValue)].count(event, at: place)
    }

    private mutating func count(_ kind: RollupKind, _ event: UsageEvent, _ key: RollupKey) {
        count(kind, event, at: keys[Int(kind.rawValue)].place(of: key))
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

    /// What the places of a kind stand for.
    private func keys(of kind: RollupKind) -> [RollupKey] {
        let places = keys[Int(kind.rawValue)].keys
        return switch kind {
        case .command: commands.keys
        case .workspace: workspaces.keys
        case .task: tasks.keys
        case .template: templates.keys
        case .errorCategory: categories.keys
        case .eventType: types.keys
        case .services, .ports, .sessionLength: places
        case .failure: places.map { RollupKey(commands.number($0.first), categories.number($0.second)) }
        case .commandTemplate: places.map { RollupKey(commands.number($0.first), templates.number($0.second)) }
        case .commandServices, .commandPorts: places.map { RollupKey(commands.number($0.first), $0.second) }
        case .combination: combinations.numbers.map { RollupKey($0) }
        case .combinationTask:
            places.map { RollupKey(combinations.numbers[Int($0.first) - 1], tasks.number($0.second)) }
        }
    }
}

extension UsageEvent {
    @inline(__always)
    fileprivate init(_ event: EventNumbers, isTimed: Bool) {
        // What lies before 1970, which only another hand can have written, counts as its first moment.
        timestamp = max(0, event.timestamp)
        slot = TimeBucket.containing(timestamp)
        durationMS = isTimed ? max(0, event.durationMS ?? 0) : 0
        bucket = event.durationMS == nil || !isTimed ? -1 : LatencyScale.bucket(of: durationMS)
        succeeded = event.success == true ? 1 : 0
        failed = event.success == false ? 1 : 0
    }
}

extension RollupNames {
    fileprivate var keys: [RollupKey] { numbers.map { RollupKey($0) } }

    /// The number of the name at a place plus 1; 0, which stands for "none", for 0.
    fileprivate func number(_ placePlusOne: UInt32) -> UInt32 {
        placePlusOne == 0 ? 0 : numbers[Int(placePlusOne) - 1]
    }
}
