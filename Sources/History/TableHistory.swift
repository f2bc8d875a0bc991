import Core
import Database
import Intake
import SystemSupport

/// Reads a history from a table of a SQLite database.
struct TableHistory: HistoryReader {
    private let database: ForeignDatabase
    private let form: TableForm
    private let columns: [String]
    private let count: Int
    private var rows: [[ForeignDatabase.Value]] = []
    private var index = 0
    private var tooLong = 0
    /// The last row id that was read; nil at the end of the table.
    private var last: Int64? = Int64.min
    private var read = 0

    init(_ path: String, _ form: TableForm) throws(StoreError) {
        database = try ForeignDatabase(path, valueBytes: Limits.historyEntryBytes)
        self.form = form
        let present = try database.columns(of: form.table)
        guard present.isSuperset(of: form.needed) else { throw .notADatabase(path: path) }
        func optional(_ expression: String, needs column: String) -> String {
            column.isEmpty || present.contains(column) ? expression : "NULL"
        }
        columns = [
            form.line, form.milliseconds, form.duration, form.status, form.isUndated,
            form.deletion.isEmpty ? "NULL" : optional("\(form.deletion) IS NOT NULL", needs: form.deletion),
            form.shell.isEmpty ? "NULL" : optional(form.shell, needs: form.shell),
        ]
        count = try database.count(of: form.table)
    }

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
                // An entry that the user deleted is not counted.
                if row[5].integer == 1 { continue }
                return Self.take(row, into: &entry)
            }
            guard let after = last else { return nil }
            let page = try database.page(of: form.table, columns, after: after, limit: Limits.historyPage)
            (rows, index, tooLong, last) = (page.rows, 0, page.tooLong, page.last)
            read += rows.count + tooLong
        }
    }

    private static func take(_ row: [ForeignDatabase.Value], into entry: inout HistoryEntry) -> HistoryItem {
        guard case .bytes(let line) = row[0] else { return .skipped(.broken) }
        guard let time = row[1].integer, time > 0, row[4].integer != 1 else { return .skipped(.undated) }
        entry.line = line
        entry.facts = .init(time: time)
        if let duration = row[2].integer, duration > 0, duration <= Limits.durationMilliseconds {
            entry.facts.durationMS = duration
        }
        if let status = row[3].integer, (0...255).contains(status) { entry.facts.status = Int(status) }
        if case .bytes(let shell) = row[6] { entry.facts.shell = ShellDialect(rawValue: shell.text) }
        return .entry
    }
}

/// The columns of a history's table. Each column is a SQL expression over one row.
struct TableForm {
    let table: String
    /// The required columns. A table without these columns has another form and is not read.
    let needed: Set<String>
    let line: String
    /// The start, in milliseconds since 1970.
    let milliseconds: String
    /// The duration in milliseconds. It is unknown if it is 0, negative or NULL.
    var duration = "NULL"
    /// The exit code. It is unknown if it is NULL or not from 0 to 255.
    var status = "NULL"
    /// 1 if a program invented the time, otherwise 0.
    var isUndated = "0"
    /// A column that is not NULL in a deleted entry; empty if the table has no such column.
    var deletion = ""
    /// A column with the name of the shell; empty if the table has no such column.
    var shell = ""

    /// atuin (crates/atuin-client/migrations of atuin 18): times are in nanoseconds, and -1 means unknown. Entries that
    /// atuin imported from other histories have the folder `unknown`. Some atuin versions gave imported entries the
    /// exit code 0, so the exit codes of imported entries are ignored. Imported entries without a time got a time that
    /// is not a whole second. A duration below a millisecond is unknown, because atuin stored nushell's durations in
    /// milliseconds as if they were nanoseconds.
    static let atuin = TableForm(
        table: "history", needed: ["timestamp", "duration", "exit", "command", "cwd"], line: "command",
        milliseconds: "timestamp / 1000000", duration: "duration / 1000000", status: "iif(cwd = 'unknown', NULL, exit)",
        isUndated: "cwd = 'unknown' AND timestamp % 1000000000 <> 0", deletion: "deleted_at", shell: "shell")

    /// zsh-histdb (sqlite-history.zsh): times are whole seconds. The duration is NULL for a command that never ended.
    static let histdb = TableForm(
        table: "history", needed: ["command_id", "exit_status", "start_time", "duration"],
        line: "(SELECT argv FROM commands WHERE commands.rowid = history.command_id)",
        milliseconds: "start_time * 1000",
        duration: "duration * 1000", status: "iif(duration IS NULL, NULL, exit_status)")

    /// nushell with its SQLite history (reedline, src/history/sqlite_backed.rs): times are in milliseconds.
    static let nushell = TableForm(
        table: "history", needed: ["start_timestamp", "command_line", "duration_ms", "exit_status"],
        line: "command_line",
        milliseconds: "start_timestamp", duration: "duration_ms", status: "exit_status")

    /// hishtory (client/data/data.go): times are text with a time zone. Entries that hishtory imported have the
    /// folder `Unknown`, the exit code 0, a duration of a millisecond, and the time of that import.
    static let hishtory = TableForm(
        table: "history_entries",
        needed: ["command", "current_working_directory", "exit_code", "start_time", "end_time"], line: "command",
        milliseconds: "CAST(round((julianday(start_time) - 2440587.5) * 86400000) AS INTEGER)",
        duration: "CAST(round((julianday(end_time) - julianday(start_time)) * 86400000) AS INTEGER)",
        status: "exit_code", isUndated: "current_working_directory = 'Unknown'")

    /// xonsh with its SQLite history (xonsh/history/sqlite.py): times are seconds with a fraction.
    static let xonsh = TableForm(
        table: "xonsh_history", needed: ["inp", "rtn", "tsb", "tse"], line: "inp",
        milliseconds: "CAST(round(tsb * 1000) AS INTEGER)", duration: "CAST(round((tse - tsb) * 1000) AS INTEGER)",
        status: "rtn")
}
