import Database

/// What the cells of a rollup are counted by. The raw values stand in the database, and those that every report asks for
/// come first: what belongs to one day stands in their order, and a report reads no further than it has to.
enum RollupKind: UInt8, CaseIterable, Sendable {
    case command = 0
    case workspace = 1
    case template = 2
    case errorCategory = 3
    case eventType = 4
    case services = 5
    case ports = 6
    /// Lengths of sessions, by their start; there is one cell.
    case sessionLength = 7
    // What follows is large and seldom asked for.
    case task = 8
    /// Failures by command and error category.
    case failure = 9
    /// Commands by what went along with them.
    case commandTemplate = 10
    case commandServices = 11
    case commandPorts = 12
    /// Events by all that a report can filter by or list (see `Combination`). The key is the combination's number.
    case combination = 13
    /// The same events by their task too: the combination's number, and the task's.
    case combinationTask = 14

    /// The kinds that answer questions with a filter.
    static let filtered: [RollupKind] = [.combination, .combinationTask]

    /// Whether its cells count durations in buckets.
    var hasLatency: Bool {
        switch self {
        case .command, .commandTemplate, .commandServices, .commandPorts, .sessionLength, .combination: true
        default: false
        }
    }

    /// Whether its cells are counted by two things.
    var isPair: Bool {
        switch self {
        case .failure, .commandTemplate, .commandServices, .commandPorts, .combinationTask: true
        default: false
        }
    }

    /// What the first and the second number of its keys stand for; nil for one that stands for no name.
    var names: [RollupNameKind?] {
        switch self {
        case .command, .commandServices, .commandPorts: [.command]
        case .workspace: [.workspace]
        case .template: [.template]
        case .errorCategory: [.errorCategory]
        case .eventType: [.eventType]
        case .task: [.task]
        case .failure: [.command, .errorCategory]
        case .commandTemplate: [.command, .template]
        case .combinationTask: [nil, .task]
        case .services, .ports, .sessionLength, .combination: []
        }
    }

    /// Whether its cells with failures say when the first and the last event was.
    var hasTimes: Bool { self == .failure || self == .combination }

    /// Whether it is kept by the quarter of an hour too. What is only asked for by the day is not.
    var isKeptBySlot: Bool {
        switch self {
        case .commandTemplate, .commandServices, .commandPorts, .combinationTask: false
        default: true
        }
    }
}

/// Names that cells are counted by have numbers, from 1 on, of their own for each of these. The raw values stand in the
/// database.
enum RollupNameKind: UInt8, CaseIterable, Sendable {
    case command = 0
    case workspace = 1
    case task = 2
    case template = 3
    case errorCategory = 4
    case eventType = 5
}

/// The length of time that a cell covers, in UTC. Two of them, so that a year is read from 365 days, and a day of any time
/// zone can be put together from quarters.
enum RollupGrain: UInt8, Sendable {
    case day = 0
    case slot = 1

    /// Quarters of an hour in a day.
    static let slotsPerDay: Int64 = 96
}

/// Which rows of `usage_rollup` there are: the numbers that are their ids.
///
///     bits   what
///     56     grain: 0 day, 1 quarter of an hour
///     27…55  the day or the quarter since 1970
///     22…26  what is counted (`RollupKind`)
///      0…21  which names, in thousands (see `RollupBlock`)
///
/// All that belongs to one day or quarter stands together: a writer touches few pages.
struct RollupBlockID: Hashable, Comparable, Sendable {
    static let kindShift: Int64 = 22
    static let kindMask: Int64 = 31
    private static let periodShift: Int64 = 27
    private static let periodMask: Int64 = (1 << 29) - 1
    private static let grainShift: Int64 = 56

    let value: Int64

    init(_ value: Int64) {
        self.value = value
    }

    init(_ grain: RollupGrain, _ period: Int64, _ kind: RollupKind, group: Int64 = 0) {
        value = Self.first(of: grain, period).value | Int64(kind.rawValue) << Self.kindShift | group
    }

    /// The first id of a day or a quarter; what lies before 1970 counts as its first moment.
    static func first(of grain: RollupGrain, _ period: Int64) -> RollupBlockID {
        let period = min(max(0, period), periodMask)
        return RollupBlockID(Int64(grain.rawValue) << grainShift | period << periodShift)
    }

    /// The ids from one kind to another in a day or a quarter.
    static func range(
        of grain: RollupGrain, _ period: Int64, _ kinds: ClosedRange<UInt8>
    ) -> ClosedRange<Int64> {
        let first = first(of: grain, period).value
        return first | Int64(kinds.lowerBound) << kindShift...first | Int64(kinds.upperBound + 1) << kindShift - 1
    }

    /// The last id of a day or a quarter.
    static func last(of grain: RollupGrain, _ period: Int64) -> RollupBlockID {
        RollupBlockID(first(of: grain, period).value | ((1 << periodShift) - 1))
    }

    var period: Int64 { value >> Self.periodShift & Self.periodMask }
    var grain: RollupGrain { value >> Self.grainShift & 1 == 0 ? .day : .slot }
    /// The block of the day in which this one's quarter of an hour lies.
    var day: RollupBlockID {
        let rest = value & ((1 << Self.periodShift) - 1)
        return RollupBlockID(Self.first(of: .day, period / TimeBucket.perDay).value | rest)
    }
    /// Whether it has the lowest numbers of its kind.
    var isFirstOfKind: Bool { value & (1 << Self.kindShift - 1) == 0 }
    /// The first 15-minute bucket that it counts.
    var firstBucket: Int64 { grain == .slot ? period : period * TimeBucket.perDay }
    /// Nil for a kind of another version.
    var kind: RollupKind? { RollupKind(rawValue: UInt8(value >> Self.kindShift & Self.kindMask)) }

    static func < (left: RollupBlockID, right: RollupBlockID) -> Bool { left.value < right.value }
}

/// What a cell is counted by: a number, and for pairs a second one. 0 stands for "none".
struct RollupKey: Hashable, Comparable, NumberedKey {
    let value: UInt64

    init(_ first: UInt32, _ second: UInt32 = 0) {
        value = UInt64(first) << 32 | UInt64(second)
    }

    var first: UInt32 { UInt32(truncatingIfNeeded: value >> 32) }
    var second: UInt32 { UInt32(truncatingIfNeeded: value) }
    /// The block in which the cell stands: a thousand numbers share one, so that none becomes large.
    var group: Int64 { Int64(value >> 42) }

    @inline(__always)
    func hash(seed: UInt64) -> UInt64 { mix(value, seed) }

    static func < (left: RollupKey, right: RollupKey) -> Bool { left.value < right.value }
}
