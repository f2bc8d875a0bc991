import Core
import Database
import Foundation
import GRDB
import Rollups

/// Recomputes the rollups in a temporary database, and compares the result with the stored rollups.
struct RollupCheck {
    private static let name = "rollups"
    private let database: Database

    init(_ database: Database) {
        self.database = database
    }

    /// - Parameter report: is called regularly with the number of rows read.
    func run(report: (Int) -> Void) throws -> CheckResult {
        let scratch = try DatabaseOpening.scratch(inMemory: false)
        let days = try RollupTables.days(of: 0..<Int64.max, in: database)
        let differing = try scratch.write { recount in
            // A name gets the same number in both databases, so that equal counts have equal bytes.
            try RollupTables.copyNumbers(from: database, into: recount)
            try RollupTables.recount(
                days, rows: [Int64.min...Int64.max], from: database, into: recount, report: report)
            return try differingBlocks(recount) + differingActivity(recount, from: days.lowerBound)
        }
        guard differing == 0 else {
            return .error(
                Self.name,
                "aggregates that do not match a recount of the rows: \(differing)",
                suggestion: "run 'nexus doctor --rebuild'")
        }
        let since = days.lowerBound == 0 ? "" : " since \(Self.date(ofDay: days.lowerBound)), the first day with rows"
        return .ok(Self.name, "the aggregates match a recount of the rows\(since)")
    }

    private func differingBlocks(_ recount: Database) throws -> Int {
        let first = try CompleteRows.firstBucket(in: database)
        let combined = try RollupTables.combinedFrom(in: database)
        return try differing(recount, "SELECT id, cells FROM usage_rollup ORDER BY id") { one, other in
            let id: Int64 = one?[0] ?? other?[0] ?? 0
            guard RollupTables.firstBucket(ofBlock: id) >= first,
                !RollupTables.isIncomplete(id, combinedFrom: combined)
            else { return true }
            return (one?[1] as Data?) == (other?[1] as Data?)
        }
    }

    /// Returns how many 15-minute buckets differ. The first and last rows of a bucket may have been removed. Therefore
    /// the stored range of row ids may be wider than the recounted range.
    private func differingActivity(_ recount: Database, from firstDay: Int64) throws -> Int {
        let first = firstDay * TimeBucket.perDay
        return try differing(recount, "SELECT * FROM activity_rollup WHERE slot >= \(first) ORDER BY slot") {
            one, other in
            guard let one, let other else { return false }
            let isSame = (1...6).allSatisfy { (one[$0] as Int64) == (other[$0] as Int64) }
            return isSame && (one[7] as Int64) <= (other[7] as Int64) && (one[8] as Int64) >= (other[8] as Int64)
        }
    }

    /// Runs a query in both databases and returns how many rows differ. The query must order its rows by their first
    /// column. If only one database has a row, `isSame` gets nil for the other database.
    private func differing(
        _ recount: Database, _ sql: String, isSame: (_ kept: Row?, _ counted: Row?) -> Bool
    ) throws -> Int {
        let kept = try Row.fetchCursor(database, sql: sql)
        let counted = try Row.fetchCursor(recount, sql: sql)
        var differing = 0
        var one = try kept.next()?.copy()
        var other = try counted.next()?.copy()
        while one != nil || other != nil {
            let id: Int64 = one?[0] ?? Int64.max
            let otherID: Int64 = other?[0] ?? Int64.max
            if !isSame(id <= otherID ? one : nil, otherID <= id ? other : nil) { differing += 1 }
            if id <= otherID { one = try kept.next()?.copy() }
            if otherID <= id { other = try counted.next()?.copy() }
        }
        return differing
    }

    private static func date(ofDay day: Int64) -> String {
        String(Timestamp.databaseText(day * Timestamp.millisecondsPerDay).prefix(10))
    }
}
