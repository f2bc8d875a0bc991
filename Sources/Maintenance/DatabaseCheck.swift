package import Core
import Database
import GRDB
import Rollups
import SystemSupport
import WriteAheadBuffer

/// Checks the integrity of the database, and compares stored counts with a recount. A quick check compares only the
/// event counters. All checks that read tables run in one transaction.
package struct DatabaseCheck {
    private let data: DataFolder
    /// Whether to skip the slow checks: SQLite's comparison of indexes with rows, and the recounts of sessions and
    /// rollups.
    private let isQuick: Bool
    private let progress: (Double) -> Void
    /// The finished shares of the whole check after two of its steps: SQLite's own check, and the check of sessions.
    private static let (shareOfIntegrity, shareOfSessions) = (0.2, 0.5)

    /// - Parameter progress: is called with the finished share, 0 to 1, during the slow checks; a quick check never
    ///   calls it.
    package init(_ data: DataFolder, isQuick: Bool, progress: @escaping (Double) -> Void = { _ in }) {
        self.data = data
        self.isQuick = isQuick
        self.progress = progress
    }

    package func run() throws -> [CheckResult] {
        let opened: DatabaseQueue?
        do {
            opened = try DatabaseOpening.forReading(data)
        } catch {
            if case .walNeedsRecovery = error {
                return [.note("database", error.description, suggestion: "run 'nexus flush'")]
            }
            return [.error("database", error.description, suggestion: Self.suggestion(on: error))]
        }
        guard let queue = opened else { return [.ok("database", "no database yet")] }
        var results: [CheckResult] = []
        do {
            try asStoreError(data.databasePath) { try queue.read { try check($0, &results) } }
        } catch {
            // With some kinds of corruption neither the check nor its transaction can finish.
            guard results.first?.state == .error else { throw error }
        }
        return results + [log]
    }

    private func check(_ database: Database, _ results: inout [CheckResult]) throws {
        results.append(try integrity(of: database))
        // If pages are corrupt, a count of rows is not reliable, so the other checks are skipped.
        guard results[0].state == .ok else { return }
        results += [try ids(of: database), try eventCounters(of: database)]
        guard !isQuick else { return }
        progress(Self.shareOfIntegrity)
        results.append(try sessions(of: database))
        progress(Self.shareOfSessions)
        let rows = max(1, try Int.fetchOne(database, sql: "SELECT count(*) FROM events") ?? 0)
        results.append(
            try RollupCheck(database).run { read in
                progress(Self.shareOfSessions + (1 - Self.shareOfSessions) * Double(read) / Double(rows))
            })
    }

    private static func suggestion(on error: StoreError) -> String {
        switch error {
        case .newerVersion: "update Nexus"
        case .olderVersion: "run 'nexus flush'"
        case .notADatabase: "restore a backup, or move the file away; the next event then starts a new database"
        default: "make the database file readable, and run the check again"
        }
    }

    private func integrity(of database: Database) throws -> CheckResult {
        let found = try findings(of: isQuick ? "PRAGMA quick_check(3)" : "PRAGMA integrity_check(3)", in: database)
        if found == ["ok"] {
            return .ok("database", "\(isQuick ? "SQLite's quick check" : "SQLite") reports no corruption")
        }
        let lines = found.flatMap { $0.split(separator: "\n") }.filter { !$0.hasPrefix("***") }
        return .error(
            "database", "SQLite reports corruption: " + lines.joined(separator: "; ").escapedForDisplay,
            suggestion: "restore a backup, or save the readable rows with sqlite3's .recover")
    }

    /// Returns the findings of a check that SQLite runs. With some kinds of corruption the check itself fails; its
    /// error is then the last finding.
    private func findings(of check: String, in database: Database) throws -> [String] {
        var findings: [String] = []
        do {
            let rows = try String.fetchCursor(database, sql: check)
            while let finding = try rows.next() { findings.append(finding) }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            findings.append(error.message ?? "the check cannot continue")
        }
        return findings
    }

    private func ids(of database: Database) throws -> CheckResult {
        guard let table = try RowIDs.exhaustedTable(in: database) else {
            return .ok("ids", "ids are available for new rows")
        }
        let id = try RowIDs.highest(of: table, in: database)
        return .error(
            "ids",
            "no event can be stored: '\(table.rawValue)' has a row with the id \(id), and no higher id is available",
            suggestion: StoreError.adviceOnExhaustedIDs)
    }

    private func eventCounters(of database: Database) throws -> CheckResult {
        var eventCounters = try EventCounters(from: database)
        try eventCounters.addPending(of: WriteAheadBuffer(folder: data.bufferFolder), behind: database)
        let rows = try Int.fetchOne(database, sql: "SELECT count(*) FROM events") ?? 0
        let expected = eventCounters.stored + eventCounters.imported - eventCounters.purged - eventCounters.expired
        let suggestion = "another program added or removed rows; reports are right, only these counters are not"
        guard eventCounters.balance else {
            return .error(
                "books",
                "accepted (\(eventCounters.accepted)) differs from stored (\(eventCounters.stored)) + pending "
                    + "(\(eventCounters.pending))",
                suggestion: suggestion)
        }
        guard rows == expected else {
            return .error(
                "books", "the database has \(rows.counted("row")), and the counters expect \(expected)",
                suggestion: suggestion)
        }
        return .ok(
            "books",
            "\(rows.counted("row")), as the counters expect, and \(eventCounters.pending.counted("pending event"))"
        )
    }

    private func sessions(of database: Database) throws -> CheckResult {
        let differing = try SessionRecount.differing(in: database)
        guard differing == 0 else {
            return .error(
                "sessions",
                "the counters of \(differing.counted("session")) do not match a recount of the events",
                suggestion: "run 'nexus doctor --rebuild'")
        }
        return .ok("sessions", "the counters of every session match a recount")
    }

    private var log: CheckResult {
        let bytes = data.folder.size(of: "nexus.db-wal") ?? 0
        guard bytes > Limits.walBytes else { return .ok("log", "the WAL of the database has \(bytes / 1024) KiB") }
        return .note(
            "log", "the WAL of the database has \(bytes / 1024 / 1024) MiB",
            suggestion: "another program has a read transaction open; the WAL shrinks when that transaction ends")
    }
}
