import Database

/// A kind of aggregates, named after the key that the aggregates are counted by. The raw values are part of the
/// database format. In each day or 15-minute bucket, blocks are in the order of these values. Kinds that most reports
/// read come first, so that a report can skip the other kinds.
enum RollupKind: UInt8, CaseIterable, Sendable {
    case command = 0
    case workspace = 1
    case template = 2
    case errorCategory = 3
    case eventType = 4
    case services = 5
    case ports = 6
    /// Lengths of sessions, counted in the period in which the session started. A period has one aggregate of this
    /// kind.
    case sessionLength = 7
    // The following kinds are larger, and fewer reports read them.
    case task = 8
    /// Failures by command and error category.
    case failure = 9
    /// Events by command and template.
    case commandTemplate = 10
    /// Events by command and number of services.
    case commandServices = 11
    /// Events by command and number of ports.
    case commandPorts = 12
    /// Events by all properties that a report can filter by or list (see `Combination`). The key is the combination's
    /// number.
    case combination = 13
    /// Events by combination and task. The key is the combination's number and the task's number.
    case combinationTask = 14

    /// The kinds that answer queries with a filter.
    static let filtered: [RollupKind] = [.combination, .combinationTask]

    /// Whether the aggregates of this kind count durations in latency buckets (see `LatencyScale`).
    var hasLatency: Bool {
        switch self {
        case .command, .commandTemplate, .commandServices, .commandPorts, .sessionLength, .combination: true
        default: false
        }
    }

    /// Whether the keys of this kind consist of two numbers.
    var isPair: Bool {
        switch self {
        case .failure, .commandTemplate, .commandServices, .commandPorts, .combinationTask: true
        default: false
        }
    }

    /// The kinds of names that the first and the second number of this kind's keys refer to. For a number that refers
    /// to no name, the element is nil or, at the end, omitted.
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

    /// Whether aggregates of this kind contain the times of the first and the last failure, if they have failures.
    var hasTimes: Bool { self == .failure || self == .combination }

    /// Whether the kind is stored by 15-minute bucket in addition to days. Kinds that are only queried by day are not
    /// stored by bucket.
    var isKeptBySlot: Bool {
        switch self {
        case .commandTemplate, .commandServices, .commandPorts, .combinationTask: false
        default: true
        }
    }
}

/// The kinds of names that aggregates are counted by. Each kind has its own numbers, from 1 on. The raw values are part
/// of the database format.
enum RollupNameKind: UInt8, CaseIterable, Sendable {
    case command = 0
    case workspace = 1
    case task = 2
    case template = 3
    case errorCategory = 4
    case eventType = 5
}

/// The time range of an aggregate, in UTC. Days let a report read a year from 365 aggregates. 15-minute buckets let a
/// report compose a day in any time zone.
enum RollupGrain: UInt8, Sendable {
    case day = 0
    case slot = 1

    /// 15-minute buckets in a day.
    static let slotsPerDay: Int64 = 96
}

/// The ids of the rows of `usage_rollup`.
///
///     bits   content
///     56     `RollupGrain`: 0 for a day, 1 for a 15-minute bucket
///     27…55  number of the day or of the bucket since 1970
///     22…26  `RollupKind`
///      0…21  group of the keys (`RollupKey.group`)
///
/// The rows of one day or 15-minute bucket are adjacent, so that a writer touches few pages.
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

    /// Returns the first id of a day or a 15-minute bucket. A period that an id cannot represent is replaced by the
    /// nearest period.
    static func first(of grain: RollupGrain, _ period: Int64) -> RollupBlockID {
        let period = min(max(0, period), periodMask)
        return RollupBlockID(Int64(grain.rawValue) << grainShift | period << periodShift)
    }

    /// Returns the range of ids of a range of kinds in a day or a 15-minute bucket.
    static func range(
        of grain: RollupGrain, _ period: Int64, _ kinds: ClosedRange<UInt8>
    ) -> ClosedRange<Int64> {
        let first = first(of: grain, period).value
        return first | Int64(kinds.lowerBound) << kindShift...first | Int64(kinds.upperBound + 1) << kindShift - 1
    }

    /// Returns the last id of a day or a 15-minute bucket.
    static func last(of grain: RollupGrain, _ period: Int64) -> RollupBlockID {
        RollupBlockID(first(of: grain, period).value | ((1 << periodShift) - 1))
    }

    var period: Int64 { value >> Self.periodShift & Self.periodMask }
    var grain: RollupGrain { value >> Self.grainShift & 1 == 0 ? .day : .slot }
    /// The block of the day that contains this block's 15-minute bucket.
    var day: RollupBlockID {
        let rest = value & ((1 << Self.periodShift) - 1)
        return RollupBlockID(Self.first(of: .day, period / TimeBucket.perDay).value | rest)
    }
    /// Whether the block is for the lowest group of keys.
    var isFirstOfKind: Bool { value & (1 << Self.kindShift - 1) == 0 }
    /// The first 15-minute bucket that the block counts.
    var firstBucket: Int64 { grain == .slot ? period : period * TimeBucket.perDay }
    /// The kind of the aggregates; nil if only another version of Nexus knows the kind.
    var kind: RollupKind? { RollupKind(rawValue: UInt8(value >> Self.kindShift & Self.kindMask)) }

    static func < (left: RollupBlockID, right: RollupBlockID) -> Bool { left.value < right.value }
}

/// The key of an aggregate: a number, and a second number if the keys of the kind are pairs (`RollupKind.isPair`). The
/// number 0 refers to no name.
struct RollupKey: Hashable, Comparable, NumberedKey {
    let value: UInt64

    init(_ first: UInt32, _ second: UInt32 = 0) {
        value = UInt64(first) << 32 | UInt64(second)
    }

    var first: UInt32 { UInt32(truncatingIfNeeded: value >> 32) }
    var second: UInt32 { UInt32(truncatingIfNeeded: value) }
    /// The index of the block that contains the aggregate, among the blocks of its kind and period. A block is for 1024
    /// consecutive first numbers, so that no block becomes large.
    var group: Int64 { Int64(value >> 42) }

    @inline(__always)
    func hash(seed: UInt64) -> UInt64 { mix(value, seed) }

    static func < (left: RollupKey, right: RollupKey) -> Bool { left.value < right.value }
}
