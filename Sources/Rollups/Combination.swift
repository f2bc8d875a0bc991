import Core
import Database
import GRDB

/// All properties of an event that a report can filter by or list, except its task and its session. Events with the
/// same properties are counted together, so that a report with any filter reads aggregates.
///
/// Most members are the number of a name (see `RollupNames`), or 0 if the event has no value for the property.
struct Combination: NumberedKey {
    /// Whether the event succeeded.
    enum Outcome: UInt32 {
        case unknown = 0, succeeded = 1, failed = 2

        init(success: Bool?) {
            self =
                switch success {
                case nil: .unknown
                case true?: .succeeded
                case false?: .failed
                }
        }
    }

    var command: UInt32 = 0
    var workspace: UInt32 = 0
    var type: UInt32 = 0
    var outcome: Outcome = .unknown
    var category: UInt32 = 0
    var template: UInt32 = 0
    /// `services_count` plus 1; 0 if the event has no `services_count`.
    var services: UInt32 = 0
    /// `ports_used` plus 1; 0 if the event has no `ports_used`.
    var ports: UInt32 = 0

    @inline(__always)
    func hash(seed: UInt64) -> UInt64 {
        var hash = mix(UInt64(command) << 32 | UInt64(workspace), seed)
        hash = mix(hash ^ (UInt64(type) << 32 | UInt64(category)), seed)
        hash = mix(hash ^ (UInt64(template) << 32 | UInt64(outcome.rawValue)), seed)
        return mix(hash ^ (UInt64(services) << 32 | UInt64(ports)), seed)
    }

    /// Returns the key under which a kind counts events with these properties. Nil if the kind does not count these
    /// events, or if its keys cannot be made from these properties alone.
    func key(of kind: RollupKind) -> RollupKey? {
        func key(_ number: UInt32) -> RollupKey? { number == 0 ? nil : RollupKey(number) }
        func ofCommand(_ number: UInt32) -> RollupKey? {
            command == 0 || number == 0 ? nil : RollupKey(command, number)
        }
        return switch kind {
        case .command: key(command)
        case .workspace: key(workspace)
        case .template: key(template)
        case .errorCategory: key(category)
        case .eventType: key(type)
        case .services: services == 0 ? nil : RollupKey(services - 1)
        case .ports: ports == 0 ? nil : RollupKey(ports - 1)
        case .failure: outcome == .failed ? RollupKey(command, category) : nil
        case .commandTemplate: ofCommand(template)
        case .commandServices: services == 0 || command == 0 ? nil : RollupKey(command, services - 1)
        case .commandPorts: ports == 0 || command == 0 ? nil : RollupKey(command, ports - 1)
        case .sessionLength, .task, .combination, .combinationTask: nil
        }
    }

    /// The names that the members refer to by number.
    var names: [(kind: RollupNameKind, number: UInt32)] {
        [
            (.command, command), (.workspace, workspace), (.eventType, type), (.errorCategory, category),
            (.template, template),
        ]
    }

    /// Returns the value of `services` or `ports` for a count: the count plus 1, or 0 for nil. The highest `UInt32`
    /// gets the same value as the number below it, because adding 1 would overflow.
    static func amount(_ number: UInt32?) -> UInt32 {
        guard let number else { return 0 }
        return min(number, UInt32.max - 1) + 1
    }
}

/// The recently seen combinations, and their numbers in the table `rollup_combinations`. Numbers count from 1.
///
/// The number of combinations is limited (`Limits.combinations`). The events of all combinations beyond the limit are
/// counted together under the number 0.
struct CombinationNumbers {
    /// The combinations in the order in which they were seen. Instead of a name's number, a member has the name's index
    /// in the `RollupNames` of its kind, plus 1; 0 means no value.
    private var places = KeyNumbering<Combination>()
    /// The number of each combination, except combinations that were added since the last `findNumbers`.
    private(set) var numbers: [UInt32] = []
    /// The highest number in the table; nil until this cache has inserted a combination.
    private var highest: UInt32?

    /// Returns the index of a combination among the combinations seen.
    @inline(__always)
    mutating func place(of combination: Combination) -> Int { places.place(of: combination) }

    /// The combinations seen, by index.
    var keys: [Combination] { places.keys }

    /// Finds the numbers of all combinations seen; a new combination gets the next number, or 0 beyond the limit.
    /// - Parameter stored: converts a combination of indices to the combination of numbers that the table stores.
    mutating func findNumbers(in database: Database, _ stored: (Combination) -> Combination) throws {
        guard numbers.count < places.keys.count else { return }
        let known = try RawStatement(
            """
            SELECT number FROM rollup_combinations WHERE command = ? AND workspace = ? AND type = ? AND outcome = ?
                AND category = ? AND template = ? AND services = ? AND ports = ?
            """, in: database)
        let insert = try RawStatement(
            """
            INSERT INTO rollup_combinations (command, workspace, type, outcome, category, template, services, ports, number)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, in: database)
        for place in places.keys[numbers.count...] {
            let combination = stored(place)
            Self.bind(combination, to: known)
            if let number = try known.first({ $0.number(0) }) {
                numbers.append(UInt32(clamping: number))
            } else {
                let number = try highestNumber(in: database) + 1
                guard number <= Limits.combinations else {
                    numbers.append(0)
                    continue
                }
                Self.bind(combination, to: insert)
                insert.bind(9, Int64(number))
                try insert.run()
                highest = number
                numbers.append(number)
            }
        }
    }

    private static func bind(_ combination: Combination, to statement: RawStatement) {
        let members = [
            combination.command, combination.workspace, combination.type, combination.outcome.rawValue,
            combination.category, combination.template, combination.services, combination.ports,
        ]
        for (member, parameter) in zip(members, 1...) { statement.bind(Int32(parameter), Int64(member)) }
    }

    /// Clears the cache. This is necessary after a rollback or a change of the table, and if the cache is full
    /// (`isFull`).
    mutating func forget() {
        self = CombinationNumbers()
    }

    var isFull: Bool { places.keys.count >= Limits.rememberedCombinations }

    private func highestNumber(in database: Database) throws -> UInt32 {
        if let highest { return highest }
        return UInt32(
            clamping: try Int64.fetchOne(database, sql: "SELECT max(number) FROM rollup_combinations") ?? 0)
    }

    /// Calls `take` with every combination and its number.
    static func forEach(in database: Database, _ take: (UInt32, Combination) -> Void) throws {
        let statement = try RawStatement(
            """
            SELECT number, command, workspace, type, outcome, category, template, services, ports
            FROM rollup_combinations
            """, in: database)
        try statement.forEachRow { row in
            func member(_ column: Int32) -> UInt32 { UInt32(clamping: row.number(column)) }
            take(
                member(0),
                Combination(
                    command: member(1), workspace: member(2), type: member(3),
                    outcome: Combination.Outcome(rawValue: member(4)) ?? .unknown, category: member(5),
                    template: member(6), services: member(7), ports: member(8)))
        }
    }
}

/// The bound between two ranges of days. Events of days before the bound are not counted by combination; events of
/// later days are. In a data folder of an earlier version, each call of `RollupTables.catchUp` moves the bound back to
/// the previous day with events.
enum CombinedDays {
    /// The name of the bound's row in the table `counters`. The name is part of the database format.
    private static let name = "combinations_from_slot"

    /// Returns the 15-minute bucket from which on all events are counted by combination. It is always the first bucket
    /// of a UTC day, and 0 if every event is counted by combination.
    static func firstBucket(in database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT count FROM counters WHERE name = ?", arguments: [name]) ?? 0
    }

    /// Records that all events from `bucket` on are counted by combination. Changes nothing if an earlier bucket is
    /// recorded already.
    static func note(from bucket: Int64, in database: Database) throws {
        try database.execute(
            sql: "UPDATE counters SET count = min(count, ?) WHERE name = ?", arguments: [bucket, name])
    }
}
