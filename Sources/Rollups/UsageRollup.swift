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
    /// The places of the types that Nexus knows; negative where one was not seen yet.
    private var typePlaces: [6 of Int] = .init(repeating: -1)
    /// What the kinds that are not counted by one name are counted by. Names stand in it as their places plus 1: their
    /// numbers are found at the end of the transaction.
    private var keys = RollupKind.allCases.map { _ in RollupKeys() }

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
        count(.eventType, usage, at: place(of: type, known))
        if !workspace.isEmpty { count(.workspace, usage, at: workspaces.place(of: workspace)) }
        if !task.isEmpty { count(.task, usage, at: tasks.place(of: task)) }
        var (commandKey, categoryKey): (UInt32, UInt32) = (0, 0)
        if !command.isEmpty {
            let place = known == .commandLine ? place(ofLine: command) : commands.place(of: command)
            count(.command, usage, at: place)
            commandKey = UInt32(place + 1)
        }
        if !category.isEmpty {
            let place = categories.place(of: category)
            count(.errorCategory, usage, at: place)
            categoryKey = UInt32(place + 1)
        }
        if event.success == false { count(.failure, usage, RollupKey(commandKey, categoryKey)) }
        if !template.isEmpty {
            let place = templates.place(of: template)
            count(.template, usage, at: place)
            if commandKey != 0 { count(.commandTemplate, usage, RollupKey(commandKey, UInt32(place + 1))) }
        }
        if let services = event.servicesCount {
            count(.services, usage, RollupKey(services))
            if commandKey != 0 { count(.commandServices, usage, RollupKey(commandKey, services)) }
        }
        if let ports = event.portsUsed {
            count(.ports, usage, RollupKey(ports))
            if commandKey != 0 { count(.commandPorts, usage, RollupKey(commandKey, ports)) }
        }
    }

    /// Adds what was counted to the table and resets the counts.
    mutating func flush(into database: Database) throws {
        try findNumbers(in: database)
        for kind in RollupKind.allCases {
            let cells = cells[Int(kind.rawValue)]
            guard !cells.isEmpty else { continue }
            let keys = keys(of: kind)
            if kind.isKeptBySlot { try Self.write(cells, .slot, keys, into: database) }
            try Self.write(kind.isKeptBySlot ? cells.byDay() : cells, .day, keys, into: database)
        }
        resetCounts()
        if [commands, workspaces, tasks, templates, categories, types].contains(where: \.isFull) { forgetNames() }
    }

    private static func write(
        _ cells: UsageCells, _ grain: RollupGrain, _ keys: [RollupKey], into database: Database
    ) throws {
        let (changes, buckets) = cells.changes(grain, keys: keys)
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
