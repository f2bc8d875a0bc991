package import Database
package import SystemSupport

/// The reason why a snapshot was not written, or not accepted.
package enum SnapshotError: ReportedError, Equatable {
    /// There is no database to take a snapshot of.
    case nothingRecorded(folder: String)
    /// The database has no valid installation id.
    case outdatedDatabase(path: String)
    /// The path for a new snapshot is occupied by something that is not a file: `by` names its kind.
    case occupied(path: String, by: String)
    /// The file is not a snapshot.
    case notASnapshot(path: String)
    /// A snapshot of a format that only a newer Nexus reads.
    case newerVersion(path: String)
    /// A truncated, changed or forged snapshot; `what` describes the problem.
    case damaged(path: String, what: String)
    /// A compressed text for other tools. It lacks data that an import needs.
    case oneWay(path: String, format: SnapshotFormat)
    /// A plain text for other tools. It lacks data that an import needs.
    case plainText(path: String, format: SnapshotFormat)
    /// The disk does not have enough space for a decompressed copy of the snapshot.
    case noRoom(path: String, bytes: Int)
    /// The work was cancelled; it had no effect.
    case cancelled
    case store(StoreError)
    case system(SystemError)

    package var exitCode: ExitCode {
        switch self {
        case .nothingRecorded, .notASnapshot, .newerVersion, .damaged, .oneWay, .plainText: .rejectedInput
        case .occupied: .usage
        case .outdatedDatabase, .cancelled: .tryAgain
        case .noRoom: .inputOutput
        case .store(let cause): cause.exitCode
        case .system(let cause): cause.exitCode
        }
    }

    package var description: String {
        switch self {
        case .nothingRecorded(let folder):
            "nothing to export: no event is recorded in \(folder.escapedForDisplay) yet"
        case .outdatedDatabase(let path):
            "cannot export \(path.escapedForDisplay): an older Nexus wrote it; run 'nexus flush'"
        case .occupied(let path, let occupant):
            "cannot write \(path.escapedForDisplay): it is \(occupant); give another name"
        case .notASnapshot(let path):
            "\(path.escapedForDisplay) is not a Nexus snapshot"
        case .newerVersion(let path):
            "cannot read \(path.escapedForDisplay): a newer Nexus wrote it; update Nexus"
        case .damaged(let path, let what):
            "\(path.escapedForDisplay) is damaged: \(what.escapedForDisplay)"
        case .oneWay(let path, .ndjson):
            "\(path.escapedForDisplay) holds lines of JSON, not rows with their ids: record the lines with "
                + "'lz4 -dc FILE | nexus record --stdin', or take a snapshot with '--format sqlite'"
        case .oneWay(let path, let format):
            "\(path.escapedForDisplay) holds \(format.rawValue), which is for other tools: only a snapshot with "
                + "'--format sqlite' can be read back"
        case .plainText(let path, .ndjson):
            "\(path.escapedForDisplay) is not imported: it holds lines of JSON, not rows with their ids; record the "
                + "lines with 'nexus record --stdin < FILE', or export to a name that ends with .db"
        case .plainText(let path, let format):
            "\(path.escapedForDisplay) is not imported: it holds \(format.rawValue), which is for other tools; export to a name "
                + "that ends with .db"
        case .noRoom(let path, let bytes):
            "cannot unpack \(path.escapedForDisplay): it needs \(bytes / 1_048_576 + 1) MiB; set TMPDIR to a folder "
                + "with more space"
        case .cancelled: "stopped"
        case .store(let error): error.description
        case .system(let error): error.description
        }
    }

    /// Converts an error that occurred while the database of a snapshot was read. An error of SQLite means that the
    /// database is corrupt, because no other process uses it.
    init(reading error: any Error, path: String) {
        if Task.isCancelled {
            self = .cancelled
            return
        }
        switch error {
        case StoreError.notADatabase: self = .damaged(path: path, what: "its database cannot be read")
        case StoreError.database(_, let message): self = .damaged(path: path, what: "SQLite reports: \(message)")
        default: self.init(error, path: path)
        }
    }

    /// Converts an error of the database, of liblz4 or of a system call.
    package init(_ error: any Error, path: String) {
        switch error {
        case let error as SnapshotError: self = error
        case let error as StoreError: self = .store(error)
        case let error as SystemError: self = .system(error)
        case let error as LZ4Error: self = .damaged(path: path, what: "its LZ4 frame cannot be read (\(error.message))")
        case is CancellationError: self = .cancelled
        default: self = .damaged(path: path, what: String(describing: error))
        }
    }
}
