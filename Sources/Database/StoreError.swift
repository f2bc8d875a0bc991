import GRDB
package import SystemSupport
package import WriteAheadBuffer

/// The reason why the database could not be read or written.
package enum StoreError: ReportedError, Equatable {
    /// The file is not a valid SQLite database.
    case notADatabase(path: String)
    /// A later version of Nexus has changed the tables.
    case newerVersion(path: String)
    /// The aggregates are damaged. The rows of `events` and `sessions` can still be read.
    case damagedRollups
    /// An older version of Nexus created the tables, and they were not migrated yet.
    case olderVersion(path: String)
    /// Storing is blocked for now: a program that reads the database has kept a transaction open.
    case blockedByReader(path: String)
    /// The disk is full. Accepted events stay in the write-ahead buffer.
    case diskFull(path: String)
    /// The user has no permission to read or write the database.
    case notPermitted(path: String)
    /// Another program holds a lock on the database for longer than Nexus waits.
    case locked(path: String)
    /// A killed process left a journal, or a WAL without an index. Only a writer can recover them. The error also
    /// occurs while the database is being created.
    case walNeedsRecovery(path: String)
    /// A table has a row with so high an id that no higher id is left for new rows.
    case idsExhausted(table: String, id: Int64)
    /// A row to import claims to be of this installation, but this installation never assigned the row's id. `highest`
    /// is the highest id that it has assigned.
    case neverRecorded(id: Int64, highest: Int64)
    /// An active reader delays the end of a purge. The next command that stores events finishes the purge.
    case busy
    /// The database cannot be used for another reason. `message` gives the reason, usually in SQLite's own words.
    case database(path: String, message: String)
    /// The write-ahead buffer could not be read.
    case buffer(BufferError)
    case system(SystemError)

    package var exitCode: ExitCode {
        switch self {
        case .notPermitted: .notPermitted
        case .busy, .blockedByReader, .locked, .walNeedsRecovery: .tryAgain
        case .newerVersion, .olderVersion: .settings
        case .neverRecorded: .rejectedInput
        case .buffer(let cause): cause.exitCode
        case .system(let cause): cause.exitCode
        case .notADatabase, .damagedRollups, .diskFull, .idsExhausted, .database: .inputOutput
        }
    }

    package var description: String {
        switch self {
        case .notADatabase(let path):
            "cannot read \(path.escapedForDisplay): it is not a SQLite database, or it is damaged; restore a backup, "
                + "or move the file away to start a new database"
        case .newerVersion(let path):
            "cannot read \(path.escapedForDisplay): a newer Nexus wrote it; update Nexus"
        case .damagedRollups:
            "cannot read the aggregates of the database: they are damaged; run 'nexus doctor --rebuild'"
        case .olderVersion(let path):
            "cannot read \(path.escapedForDisplay): an older Nexus wrote it; run 'nexus flush' with recording on and "
                + "with write access to the folder"
        case .blockedByReader(let path):
            "cannot store events: a program has been reading \(path.escapedForDisplay) for too long; end that program; "
                + "accepted events wait in the buffer"
        case .diskFull(let path):
            "cannot write \(path.escapedForDisplay): the disk is full; free space and run 'nexus flush'; "
                + "accepted events wait in the buffer"
        case .notPermitted(let path):
            "cannot use \(path.escapedForDisplay): permission denied"
        case .locked(let path):
            "cannot use \(path.escapedForDisplay): another program keeps it locked; "
                + "try again when that program has ended"
        case .walNeedsRecovery(let path):
            "cannot read \(path.escapedForDisplay): it was copied while a process used it, or a process that used it "
                + "was killed; to recover it, run 'nexus flush' with recording on and with write access to the folder"
        case .idsExhausted(let table, let id):
            "no event can be stored: the table '\(table)' has a row with the id \(id), and no higher id is available; "
                + "\(Self.adviceOnExhaustedIDs)"
        case .neverRecorded(let id, let highest):
            "nothing was imported: the snapshot has a row of this installation with the id \(id), and the highest id "
                + "assigned here is \(highest); if nexus.db was replaced by an older copy, restore the whole data folder"
        case .busy:
            "the rows are removed from the tables, but a running report keeps the old bytes on disk; "
                + "run 'nexus flush' when that report has ended"
        case .database(let path, let message):
            "cannot use \(path.escapedForDisplay): \(message.escapedForDisplay)"
        case .buffer(let error): error.description
        case .system(let error): error.description
        }
    }

    /// The remedy for exhausted ids. It works because imported rows get new ids.
    package static let adviceOnExhaustedIDs =
        "run 'nexus export' to a file outside of the data folder, 'nexus telemetry purge --all', and 'nexus import' of that file"

    /// Whether accepted events are only delayed, by a reader or by a process that stopped in the middle of recording.
    package var isBlocked: Bool {
        switch self {
        case .blockedByReader, .buffer(.busy): true
        default: false
        }
    }

    /// Whether no new row can be stored, because no id is left.
    package var isOutOfIDs: Bool {
        if case .idsExhausted = self { true } else { false }
    }

    /// Maps a failure of GRDB, of the buffer or of a system call.
    package init(_ error: any Error, path: String) {
        switch error {
        case let error as StoreError: self = error
        case let error as BufferError: self = .buffer(error)
        case let error as SystemError: self = .system(error)
        case let error as DatabaseError: self.init(error, path: path)
        default: self = .database(path: path, message: String(describing: error))
        }
    }

    /// Returns the error for a file that SQLite cannot open. SQLite reports no reason, so the function opens the file
    /// itself. If the limit of open files is reached, it returns the system's error, otherwise `notPermitted`.
    private static func cannotOpen(_ path: String) -> StoreError {
        do throws(SystemError) {
            _ = try File(opening: path, [.read, .regular])
        } catch  where error.isOutOfFiles {
            return .system(error)
        } catch {}
        return .notPermitted(path: path)
    }

    private init(_ error: DatabaseError, path: String) {
        switch error.resultCode {
        case .SQLITE_NOTADB, .SQLITE_CORRUPT: self = .notADatabase(path: path)
        case .SQLITE_FULL: self = .diskFull(path: path)
        case .SQLITE_READONLY where error.extendedResultCode == .SQLITE_READONLY_ROLLBACK:
            self = .walNeedsRecovery(path: path)
        case .SQLITE_BUSY: self = .locked(path: path)
        case .SQLITE_CANTOPEN: self = Self.cannotOpen(path)
        case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: self = .notPermitted(path: path)
        default: self = .database(path: path, message: error.message ?? "code \(error.extendedResultCode.rawValue)")
        }
    }
}

/// Runs work and maps failures of GRDB, the buffer or the system to a `StoreError`.
package func asStoreError<Value>(_ path: String, _ work: () throws -> Value) throws(StoreError) -> Value {
    do { return try work() } catch { throw StoreError(error, path: path) }
}

/// Runs asynchronous work and maps failures of GRDB, the buffer or the system to a `StoreError`.
package func asStoreError<Value>(_ path: String, _ work: () async throws -> Value) async throws(StoreError) -> Value {
    do { return try await work() } catch { throw StoreError(error, path: path) }
}
