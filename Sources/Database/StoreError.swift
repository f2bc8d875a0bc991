import GRDB
package import SystemSupport
package import WriteAheadBuffer

/// The reason why the database could not be read or written.
package enum StoreError: ReportedError, Equatable {
    /// The file is not a valid SQLite database.
    case notADatabase(path: String)
    /// A later version of Nexus has changed the tables.
    case newerVersion(path: String)
    /// The aggregates cannot be read; the rows can.
    case damagedRollups
    /// An older version of Nexus created the tables, and they were not migrated yet.
    case olderVersion(path: String)
    /// Storing is blocked for now: a program that reads the database has kept a transaction open.
    case blockedByReader(path: String)
    /// The disk is full; the data to write waits in the buffer.
    case diskFull(path: String)
    /// This user may not read or write it.
    case notPermitted(path: String)
    /// Another program holds its lock, for longer than Nexus waits.
    case locked(path: String)
    /// A process that was killed left a journal, or a WAL without its index, which only a writer can recover; or the
    /// database is being created.
    case walNeedsRecovery(path: String)
    /// A table has a row with an id so high that no new row can have a higher one.
    case idsExhausted(table: String, id: Int64)
    /// Rows to import claim to be of this installation, with ids that it never assigned.
    case neverRecorded(id: Int64, highest: Int64)
    /// An active reader delays the end of a purge; the next command that stores finishes the purge.
    case busy
    /// SQLite failed for another reason; the message is SQLite's.
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
            "\(path.escapedForDisplay) is not a SQLite database or is damaged: put a backup in its place, "
                + "or move it away and a new one is made"
        case .newerVersion(let path):
            "\(path.escapedForDisplay) was written by a newer Nexus: update this one"
        case .damagedRollups:
            "the rollups that reports are read from are damaged: 'nexus doctor --rebuild' recounts them"
        case .olderVersion(let path):
            "\(path.escapedForDisplay) was written by an older Nexus: 'nexus flush' brings it up to date, with recording on and "
                + "where it may be written"
        case .blockedByReader(let path):
            "a program has been reading \(path.escapedForDisplay) for so long that nothing more can be stored until it ends; "
                + "what was accepted waits in the buffer"
        case .diskFull(let path):
            "no room left to write \(path.escapedForDisplay): free some and run 'nexus flush'; "
                + "what was accepted waits in the buffer"
        case .notPermitted(let path):
            "\(path.escapedForDisplay) may not be read or written by this user"
        case .locked(let path):
            "another program keeps \(path.escapedForDisplay) locked: try again when it has ended"
        case .walNeedsRecovery(let path):
            "cannot read \(path.escapedForDisplay): it was copied in use, or left by a process that was killed, and must be "
                + "recovered first; run 'nexus flush', with recording on and where the folder is writable"
        case .idsExhausted(let table, let id):
            "no event can be stored: the table '\(table)' has a row with the id \(id), and no higher id is left; "
                + "\(Self.adviceOnExhaustedIDs)"
        case .neverRecorded(let id, let highest):
            "nothing was imported: the snapshot has a row of this installation with the id \(id), and the highest that was "
                + "given out here is \(highest); if nexus.db was replaced by an older copy, restore the whole data folder"
        case .busy:
            "all that was to go is removed from the tables, but a report that is being read keeps the old bytes on disk: "
                + "run 'nexus flush' when it has ended"
        case .database(let path, let message):
            "SQLite cannot use \(path.escapedForDisplay): \(message.escapedForDisplay)"
        case .buffer(let error): error.description
        case .system(let error): error.description
        }
    }

    /// The remedy for exhausted ids: imported rows get new ids.
    package static let adviceOnExhaustedIDs =
        "run 'nexus export' to a file outside of the data folder, 'nexus telemetry purge --all', and 'nexus import' of that file"

    /// Whether accepted events are only delayed, by a reader or by a process that stopped in the middle of recording.
    package var isBlocked: Bool {
        switch self {
        case .blockedByReader, .buffer(.busy): true
        default: false
        }
    }

    /// Whether no new row can be stored, as no id is left for it.
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

    /// Returns the error for a file that SQLite cannot open. SQLite reports no reason; opening the file again gives the
    /// system's.
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

/// The same for asynchronous work.
package func asStoreError<Value>(_ path: String, _ work: () async throws -> Value) async throws(StoreError) -> Value {
    do { return try await work() } catch { throw StoreError(error, path: path) }
}
