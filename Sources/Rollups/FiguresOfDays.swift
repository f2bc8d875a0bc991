package import Core
package import Database
import GRDB
package import SystemSupport

/// Fills a temporary database with daily figures that a server returned. Reports then read these figures like figures
/// of this installation.
///
/// The database has the aggregates of 15-minute buckets and of days, and no rows. The caller chooses one 15-minute
/// bucket for all figures of a day. Figures with the same bucket, installation and key are summed.
package struct FiguresOfDays {
    private struct Figures {
        let bucket: Int64
        let figures: DailyFigures
        let installation: String
    }

    /// The maximum number of figures that wait in memory before they are written. They take some megabytes.
    private static let mostPending = 1000
    /// The kinds of aggregates that can be computed from the figures.
    private static let kinds: [RollupKind] = [
        .command, .workspace, .template, .errorCategory, .eventType, .failure, .commandTemplate, .combination,
    ]

    private let counts: DatabaseQueue
    private let data: DataFolder
    private var pending: [Figures] = []
    /// True until the first figures are added.
    package private(set) var isEmpty = true

    /// - Parameter data: the folder that errors of the database refer to.
    package init(in data: DataFolder) throws(StoreError) {
        self.data = data
        counts = try asStoreError(data.databasePath) { try DatabaseOpening.scratch(inMemory: false) }
    }

    /// Adds the figures of a day.
    /// - Parameters:
    ///   - bucket: the 15-minute bucket, counted from 1970, that gets the figures of the whole day.
    ///   - installation: the name that is stored as the workspace of the events; empty if installations are summed.
    package mutating func add(_ figures: DailyFigures, bucket: Int64, installation: String = "") throws {
        isEmpty = false
        pending.append(Figures(bucket: bucket, figures: figures, installation: installation))
        if pending.count >= Self.mostPending { try write() }
    }

    /// Writes the pending figures, and returns a reader of the database.
    package mutating func finish() throws -> StoreReader {
        try write()
        return StoreReader(queue: counts, data: data)
    }

    private mutating func write() throws {
        guard !pending.isEmpty else { return }
        let figures = pending
        pending.removeAll(keepingCapacity: true)
        let isWhole = try asStoreError(data.databasePath) {
            try counts.write { database in
                let numbers = try Self.combinations(figures, in: database)
                guard numbers.allSatisfy({ $0.number > 0 }) else { return false }
                try Self.writeActivity(figures, into: database)
                for kind in Self.kinds { try Self.write(kind, figures, numbers, into: database) }
                return true
            }
        }
        guard isWhole else { throw TooManyFigures() }
    }

    /// Returns the combination of each element of `figures`, and the number of this combination. The number is 0 for a
    /// combination beyond the limit (`Limits.combinations`).
    private static func combinations(
        _ figures: [Figures], in database: Database
    ) throws -> [(combination: Combination, number: UInt32)] {
        var names: [RollupNameKind: RollupNames] = [:]
        for kind in [RollupNameKind.command, .workspace, .eventType, .errorCategory, .template] {
            names[kind] = RollupNames(kind)
        }
        var combinations = CombinationNumbers()
        func place(_ name: String, _ kind: RollupNameKind) -> UInt32 {
            name.isEmpty ? 0 : UInt32((names[kind]?.place(of: name.utf8.span) ?? -1) + 1)
        }
        let places = figures.map { figures in
            let key = figures.figures.key
            return combinations.place(
                of: Combination(
                    command: place(key.command, .command), workspace: place(figures.installation, .workspace),
                    type: place(key.eventType, .eventType), outcome: Combination.Outcome(key.outcome),
                    category: place(key.errorCategory, .errorCategory), template: place(key.template, .template)))
        }
        for kind in names.keys { try names[kind]?.findNumbers(in: database) }
        func number(_ place: UInt32, _ kind: RollupNameKind) -> UInt32 {
            place == 0 ? 0 : names[kind]?.numbers[Int(place) - 1] ?? 0
        }
        func stored(_ places: Combination) -> Combination {
            var stored = places
            stored.command = number(places.command, .command)
            stored.workspace = number(places.workspace, .workspace)
            stored.type = number(places.type, .eventType)
            stored.category = number(places.category, .errorCategory)
            stored.template = number(places.template, .template)
            return stored
        }
        try combinations.findNumbers(in: database, stored)
        return places.map { (stored(combinations.keys[$0]), combinations.numbers[$0]) }
    }

    /// An aggregate under construction.
    private struct Sum {
        var numbers = RollupNumbers()
        var latency = LatencyHistogram()
    }

    private struct Place: Hashable, Comparable {
        let block: RollupBlockID
        let key: RollupKey

        static func < (left: Place, right: Place) -> Bool { (left.block, left.key) < (right.block, right.key) }
    }

    private static func write(
        _ kind: RollupKind, _ figures: [Figures], _ combinations: [(combination: Combination, number: UInt32)],
        into database: Database
    ) throws {
        for grain in [RollupGrain.slot, .day] where grain == .day || kind.isKeptBySlot {
            var sums: [Place: Sum] = [:]
            for (figures, (combination, number)) in zip(figures, combinations) {
                guard let key = kind == .combination ? RollupKey(number) : combination.key(of: kind) else { continue }
                let period = grain == .slot ? figures.bucket : figures.bucket / TimeBucket.perDay
                let place = Place(block: RollupBlockID(grain, period, kind, group: key.group), key: key)
                sums[place, default: Sum()].numbers.add(RollupNumbers(figures.figures, bucket: figures.bucket))
                if kind.hasLatency { sums[place]?.latency.merge(figures.figures.latency) }
            }
            var changes: [RollupTable.Change] = []
            var buckets: [BucketCount] = []
            for (place, sum) in sums.sorted(by: { $0.key < $1.key }) {
                let start = buckets.count
                sum.latency.forEachCount { buckets.append(BucketCount(bucket: $0, count: Int64($1))) }
                changes.append(
                    (place.block, RollupChange(key: place.key, numbers: sum.numbers, buckets: start..<buckets.count)))
            }
            try RollupTable.add(RollupTable.Part(changes, buckets, areNew: true), in: database)
        }
    }

    private static func writeActivity(_ figures: [Figures], into database: Database) throws {
        var slots: [Int64: StoreReader.Activity] = [:]
        for figures in figures {
            slots[figures.bucket, default: .init()].add(figures.figures.activity)
        }
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO activity_rollup VALUES (?, ?, ?, ?, ?, ?, ?, 1, 0)
                ON CONFLICT (slot) DO UPDATE SET
                    events = events + excluded.events, commands = commands + excluded.commands,
                    workspaces_created = workspaces_created + excluded.workspaces_created,
                    tasks_completed = tasks_completed + excluded.tasks_completed,
                    succeeded = succeeded + excluded.succeeded, failed = failed + excluded.failed
                """)
        for (slot, activity) in slots {
            try statement.execute(
                arguments: [
                    slot, activity.events, activity.commands, activity.workspacesCreated, activity.tasksCompleted,
                    activity.succeeded, activity.failed,
                ])
        }
    }
}

/// The error for figures with more combinations of names than reports can count separately.
package struct TooManyFigures: ReportedError {
    package var exitCode: ExitCode { .settings }

    package var description: String {
        "cannot make the report: the server's answer has more than \(Limits.combinations) combinations of "
            + "names; ask for one command with --command, or a shorter window"
    }
}

extension RollupNumbers {
    fileprivate init(_ figures: DailyFigures, bucket: Int64) {
        self.init()
        count = Int64(figures.runs)
        totalMS = figures.latency.sum
        switch figures.key.outcome {
        case .succeeded: succeeded = count
        case .failed:
            failed = count
            (firstMS, lastMS) = (bucket * TimeBucket.milliseconds, bucket * TimeBucket.milliseconds)
        case .unknown: break
        }
    }
}

extension DailyFigures {
    fileprivate var activity: StoreReader.Activity {
        var activity = StoreReader.Activity()
        activity.events = runs
        switch EventType(key.eventType.utf8.span) {
        case .command, .commandLine: activity.commands = runs
        case .workspaceCreated: activity.workspacesCreated = runs
        case .taskCompleted: activity.tasksCompleted = runs
        default: break
        }
        switch key.outcome {
        case .succeeded: activity.succeeded = runs
        case .failed: activity.failed = runs
        case .unknown: break
        }
        return activity
    }
}

extension Combination.Outcome {
    fileprivate init(_ outcome: DailyFigures.Outcome) {
        self =
            switch outcome {
            case .unknown: .unknown
            case .succeeded: .succeeded
            case .failed: .failed
            }
    }
}
