import EventModel
import GRDB
import Platform

/// What was used, how often, how it went and how long it took: counted for a transaction, and then added to the table
/// `usage_rollup`.
struct UsageRollup {
    private var columns = UsageColumns()
    private var commands = RollupNames(.command)
    private var workspaces = RollupNames(.workspace)
    private var tasks = RollupNames(.task)
    private var templates = RollupNames(.template)
    private var categories = RollupNames(.errorCategory)
    private var types = RollupNames(.eventType)
    /// The places of the types that Nexus knows; negative where one was not seen yet.
    private var typePlaces: [5 of Int] = .init(repeating: -1)
    /// Keys of the kinds that are not counted by a name.
    private var keys = RollupKind.allCases.map { _ in RollupKeys() }
    /// The quarters of an hour that events lie in, and that of the last one.
    private var slots: Set<Int64> = []
    private var slot: Int64 = .min

    /// Whether so many quarters of an hour were touched that it should be written now: each one changes pages of its own.
    var isFull: Bool { slots.count >= Limits.transactionSlots }

    /// Takes one event.
    mutating func observe(
        _ event: EventRecord, _ known: EventType?, _ payload: Span<UInt8>, in database: Database
    ) throws {
        try observe(
            EventNumbers(
                timestamp: event.timestamp, durationMS: event.durationMS, success: event.success,
                servicesCount: event.servicesCount, portsUsed: event.portsUsed),
            type: payload.extracting(event.eventType), known: known, workspace: payload.extracting(event.workspaceHash),
            task: payload.extracting(event.taskHash), command: payload.extracting(event.command),
            category: payload.extracting(event.errorCategory), template: payload.extracting(event.templateUsed),
            in: database)
    }

    /// The same for an event whose parts are at hand; texts are empty where it has none.
    @inline(__always)
    mutating func observe(
        _ event: EventNumbers, type: Span<UInt8>, known: EventType?, workspace: Span<UInt8>, task: Span<UInt8>,
        command: Span<UInt8>,
        category: Span<UInt8>, template: Span<UInt8>, in database: Database
    ) throws {
        begin(event)
        columns.count(.eventType, try place(of: type, known, in: database))
        if !workspace.isEmpty { columns.count(.workspace, try workspaces.place(of: workspace, in: database)) }
        if !task.isEmpty { columns.count(.task, try tasks.place(of: task, in: database)) }
        // Number 0 stands for "none" in pairs.
        var (commandNumber, categoryNumber): (UInt32, UInt32) = (0, 0)
        if !command.isEmpty {
            let place = try commands.place(of: command, in: database)
            columns.count(.command, place)
            commandNumber = commands.numbers[place]
        }
        if !category.isEmpty {
            let place = try categories.place(of: category, in: database)
            columns.count(.errorCategory, place)
            categoryNumber = categories.numbers[place]
        }
        if event.success == false { count(.failure, RollupKey(commandNumber, categoryNumber)) }
        if !template.isEmpty {
            let place = try templates.place(of: template, in: database)
            columns.count(.template, place)
            if commandNumber != 0 { count(.commandTemplate, RollupKey(commandNumber, templates.numbers[place])) }
        }
        if let services = event.servicesCount {
            count(.services, RollupKey(services))
            if commandNumber != 0 { count(.commandServices, RollupKey(commandNumber, services)) }
        }
        if let ports = event.portsUsed {
            count(.ports, RollupKey(ports))
            if commandNumber != 0 { count(.commandPorts, RollupKey(commandNumber, ports)) }
        }
    }

    /// Adds what was counted to the table and starts afresh.
    mutating func flush(into database: Database) throws {
        guard !columns.isEmpty else { return }
        try write(.command, commands, into: database)
        try write(.workspace, workspaces, into: database)
        try write(.task, tasks, into: database)
        try write(.template, templates, into: database)
        try write(.errorCategory, categories, into: database)
        try write(.eventType, types, into: database)
        for kind in [RollupKind.services, .ports, .failure, .commandTemplate, .commandServices, .commandPorts] {
            let keys = keys[Int(kind.rawValue)].keys
            try write(kind, places: keys.count, into: database) { keys[$0] }
            self.keys[Int(kind.rawValue)].removeAll()
        }
        clear()
        if [commands, workspaces, tasks, templates, categories, types].contains(where: \.isFull) { forgetNames() }
    }

    /// Forgets what was not written, and what it remembers: the transaction was taken back.
    mutating func abandon() {
        for index in keys.indices { keys[index].removeAll() }
        clear()
        forgetNames()
    }

    private mutating func clear() {
        columns.removeAll()
        slots.removeAll(keepingCapacity: true)
        slot = .min
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

    @inline(__always)
    private mutating func begin(_ event: EventNumbers) {
        let slot = RollupSlot.containing(event.timestamp)
        if slot != self.slot {
            self.slot = slot
            slots.insert(slot)
        }
        let durationMS = max(0, event.durationMS ?? 0)
        columns.begin(
            .init(
                slot: slot, timestamp: max(0, event.timestamp), durationMS: durationMS,
                bucket: event.durationMS == nil ? -1 : Int16(truncatingIfNeeded: LatencyScale.bucket(of: durationMS)),
                succeeded: event.success == true, failed: event.success == false))
    }

    /// The place of a type. Most events are of one that Nexus knows, which needs no look-up.
    @inline(__always)
    private mutating func place(of type: Span<UInt8>, _ known: EventType?, in database: Database) throws -> Int {
        guard let known else { return try types.place(of: type, in: database) }
        let index = known.ordinal
        if typePlaces[index] < 0 { typePlaces[index] = try types.place(of: type, in: database) }
        return typePlaces[index]
    }

    private mutating func count(_ kind: RollupKind, _ key: RollupKey) {
        columns.count(kind, keys[Int(kind.rawValue)].place(of: key))
    }

    // MARK: Writing

    private func write(_ kind: RollupKind, _ names: RollupNames, into database: Database) throws {
        let numbers = names.numbers
        try write(kind, places: numbers.count, into: database) { RollupKey(numbers[$0]) }
    }

    private func write(
        _ kind: RollupKind, places: Int, into database: Database, key: (Int) -> RollupKey
    ) throws {
        let cells = columns.cells(of: kind, places: places)
        guard !cells.isEmpty else { return }
        if kind.isKeptBySlot {
            let (changes, buckets) = cells.changes(.slot, kind, key: key)
            try RollupTable.add(changes, buckets, in: database)
        }
        let (changes, buckets) = cells.byDay().changes(.day, kind, key: key)
        try RollupTable.add(changes, buckets, in: database)
    }
}
