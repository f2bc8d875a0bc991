import Core
import GRDB

/// The commands that shells recorded with this installation. Entries of an imported history may describe the same runs.
///
/// A session of a shell comes either from the hook, or from `nexus record` and `nexus exec`, which record only some of
/// the typed commands. If a history contains at least half of a session's runs, Nexus assumes that the session was in
/// the history's shell. It also assumes that the hook recorded the session.
package struct RecordedShells: Equatable, Sendable {
    private struct Run: Hashable {
        let second: Int64
        let program: String
    }

    private struct Session: Equatable {
        /// The start of the session's first run, in milliseconds since 1970.
        var start: Int64
        var runs = 0
    }

    /// For each run, the index of its session in `sessions`.
    private var runs: [Run: Int] = [:]
    private var sessions: [Session] = []
    /// The time from which runs were not read because there are too many, in milliseconds since 1970; nil if all were
    /// read.
    package private(set) var unreadFrom: Int64?

    package init() {}

    package var isEmpty: Bool { sessions.isEmpty }

    /// Returns the index of the session with a run that began in the given or an adjacent second; nil without such a
    /// run. Shells note whole seconds, and a hook notes the start later than the shell does.
    /// - Parameter program: the first word of the command's name.
    package func session(of program: String, at second: Int64) -> Int? {
        guard !program.isEmpty else { return nil }
        return [second, second + 1, second - 1].lazy.compactMap { runs[Run(second: $0, program: program)] }.first
    }

    /// Returns the time from which the shell of a history was recorded, in milliseconds since 1970; nil if it was not
    /// recorded. From `unreadFrom` on, every shell counts as recorded.
    /// - Parameter found: for each session, by index, the number of its runs that the history contains.
    package func start(found: [Int: Int]) -> Int64? {
        let hooked = sessions.indices.filter { 2 * found[$0, default: 0] >= sessions[$0].runs }
        return (hooked.map { sessions[$0].start } + [unreadFrom].compactMap { $0 }).min()
    }

    private mutating func add(_ program: String, at time: Int64, session: Int) {
        sessions[session].start = min(sessions[session].start, time)
        sessions[session].runs += 1
        runs[Run(second: time / 1000, program: program)] = session
    }

    // MARK: Reading

    /// Reads the commands of shells that this installation recorded. Commands from imported snapshots are left out (see
    /// `isRecordedHere` for an exception).
    static func read(from database: Database) throws -> RecordedShells {
        var shells = RecordedShells()
        let first = try String.fetchOne(
            database, sql: "SELECT min(started_at) FROM sessions WHERE session_id GLOB 'shell-*'")
        guard let start = first.flatMap(Timestamp.milliseconds(ofDatabaseText:)),
            let rows = try RowRanges.covering(
                slots: TimeBucket.containing(max(0, start))..<Int64.max, in: database
            ).first
        else { return shells }
        let last = rows.lowerBound + Limits.rowsComparedWithHistory - 1
        let origins = try RowProvenance.read(from: database).origins
        var numbers: [String: Int] = [:]
        let cursor = try Row.fetchCursor(
            database,
            sql: """
                SELECT id, timestamp, session_id, command FROM events
                WHERE id BETWEEN ? AND ? AND session_id GLOB 'shell-*' AND command IS NOT NULL ORDER BY id
                """, arguments: [rows.lowerBound, last])
        var time = start
        while let row = try cursor.next() {
            guard let begun = String.fromDatabaseValue(row[1]).flatMap(Timestamp.milliseconds(ofDatabaseText:)),
                let id = String.fromDatabaseValue(row[2]), let command = String.fromDatabaseValue(row[3]),
                let program = command.split(separator: " ").first, origins.isRecordedHere(row[0])
            else { continue }
            time = begun
            guard shells.runs.count < Limits.runsComparedWithHistory else {
                shells.unreadFrom = time
                return shells
            }
            let number = numbers[id, default: shells.sessions.count]
            if number == shells.sessions.count {
                numbers[id] = number
                shells.sessions.append(Session(start: time))
            }
            shells.add(String(program), at: time, session: number)
        }
        if try RowIDs.next(of: .events, in: database) - 1 > last { shells.unreadFrom = time }
        return shells
    }
}

extension RowProvenance {
    /// Returns whether this installation recorded a row. If the installation got a new id afterwards, the row's origin
    /// has the old installation id and the same row id. Therefore a row whose origin has the same row id counts as
    /// recorded here. This includes imported rows that got the same ids as in their installation.
    fileprivate func isRecordedHere(_ id: Int64) -> Bool {
        guard let range = ranges.last(where: { $0.first <= id }), range.last >= id else { return true }
        return range.origin == range.first
    }
}
