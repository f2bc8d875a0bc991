import Core
import Database
import Intake
import SystemSupport

/// Reads atuin's database (crates/atuin-client/migrations of atuin 18).
///
/// Times and durations are in nanoseconds; -1 stands for an unknown duration or exit code. Entries that atuin imported have the
/// folder `unknown`: some versions gave them the exit code 0, which nothing confirms, and those without a time got one that is no
/// whole second. A duration under a millisecond is unknown: nushell's came in milliseconds.
struct AtuinHistory: HistoryReader {
    private let database: ForeignDatabase
    private let columns: [String]
    private let count: Int
    private var rows: [[ForeignDatabase.Value]] = []
    private var index = 0
    private var tooLong = 0
    private var last: Int64? = Int64.min
    private var read = 0

    init(_ path: String) throws(StoreError) {
        database = try ForeignDatabase(path, valueBytes: Limits.historyEntryBytes)
        let present = try database.columns(of: Self.table)
        let needed = ["timestamp", "duration", "exit", "command"]
        guard present.isSuperset(of: needed) else { throw .notADatabase(path: path) }
        columns =
            needed + [
                present.contains("cwd") ? "cwd = 'unknown'" : "0",
                present.contains("deleted_at") ? "deleted_at IS NOT NULL" : "0",
                present.contains("shell") ? "shell" : "NULL",
            ]
        count = try database.count(of: Self.table)
    }

    private static let table = "history"

    var progress: Double { count > 0 ? min(1, Double(read) / Double(count)) : 1 }

    func finish() throws { try database.requireUnchanged() }

    mutating func next(into entry: inout HistoryEntry) throws -> HistoryItem? {
        while true {
            if tooLong > 0 {
                tooLong -= 1
                return .skipped(.tooLong)
            }
            while index < rows.count {
                let row = rows[index]
                index += 1
                // What the user deleted is not there for the user either.
                if row[5].integer == 1 { continue }
                return Self.take(row, into: &entry)
            }
            guard let after = last else { return nil }
            let page = try database.page(of: Self.table, columns, after: after, limit: Limits.historyPage)
            (rows, index, tooLong, last) = (page.rows, 0, page.tooLong, page.last)
            read += rows.count + tooLong
        }
    }

    private static func take(_ row: [ForeignDatabase.Value], into entry: inout HistoryEntry) -> HistoryItem {
        guard case .bytes(let line) = row[3], let nanoseconds = row[0].integer else { return .skipped(.broken) }
        guard nanoseconds > 0 else { return .skipped(.undated) }
        let isImported = row[4].integer == 1
        if isImported, nanoseconds % 1_000_000_000 != 0 { return .skipped(.undated) }
        entry.line = line
        entry.facts = .init(time: nanoseconds / 1_000_000)
        if let duration = row[1].integer.map({ $0 / 1_000_000 }), duration > 0, duration <= Limits.durationMilliseconds
        {
            entry.facts.durationMS = duration
        }
        if !isImported, let status = row[2].integer, (0...255).contains(status) { entry.facts.status = Int(status) }
        if case .bytes(let shell) = row[6] { entry.facts.shell = ShellDialect(rawValue: shell.text) }
        return .entry
    }
}
