import Application
import ArgumentParser
import Core
import Database
import Intake
import Recording
import Service
import Snapshots
import Sync
import SystemSupport
import WriteAheadBuffer

/// How a command ends that could not do its work: one sentence and the code that sysexits.h has for it.
struct CommandFailure: Error {
    private(set) var message: String
    let code: Int32

    init(_ message: String, _ code: SystemSupport.ExitCode) {
        self.message = message
        self.code = code.rawValue
    }

    init(_ error: RecordingError) {
        self.init(error.description, error.exitCode)
    }

    /// What an error of the modules means for the person; nil when it is one of the argument parser's.
    init?(_ error: any Error) {
        switch error {
        case let error as CommandFailure: self = error
        case let error as SystemError: self.init(error.description, SystemSupport.ExitCode(error))
        case let error as RecordingError: self.init(error)
        case let error as DataFolderError: self.init(error.description, error.exitCode)
        case let error as SettingsError: self.init(error.description, error.exitCode)
        case let error as HashKeyError: self.init(error.description, error.exitCode)
        case let error as BufferError: self.init(error.description, error.exitCode)
        case let error as NothingRecorded: self.init(error.description, .usage)
        case let error as ServiceError: self.init(error.description, .unavailable)
        case let error as StoreError: self.init(error.description, Self.code(of: error))
        case let error as SyncError: self.init(error.description, error.exitCode)
        case let error as SnapshotError: self.init(error.description, Self.code(of: error))
        default: return nil
        }
    }

    /// The failure with another text in place of `text` in its message.
    func replacing(_ text: String, with other: String) -> CommandFailure {
        var failure = self
        failure.message = message.replacing(text, with: other)
        return failure
    }

    /// Writes the sentence to standard error.
    func say() {
        // Where even that cannot be written there is nobody left to tell.
        try? File.standardError.write("nexus: \(message)\n")
    }

    /// Writes the sentence to standard error and ends the process.
    func end() -> Never {
        say()
        ThisProcess.end(code)
    }

    private static func code(of error: SnapshotError) -> SystemSupport.ExitCode {
        switch error {
        case .nothingRecorded, .notASnapshot, .newerVersion, .damaged, .oneWay: .rejectedInput
        case .occupied: .usage
        case .outdatedDatabase, .cancelled: .tryAgain
        case .noRoom: .inputOutput
        case .store(let cause): code(of: cause)
        case .system(let cause): SystemSupport.ExitCode(cause)
        }
    }

    private static func code(of error: StoreError) -> SystemSupport.ExitCode {
        switch error {
        case .notPermitted: .notPermitted
        case .busy, .blockedByReader, .locked, .walNeedsRecovery: .tryAgain
        case .newerVersion, .olderVersion: .settings
        case .neverRecorded: .rejectedInput
        case .buffer(let cause): cause.exitCode
        case .system(let cause): SystemSupport.ExitCode(cause)
        case .notADatabase, .damagedRollups, .diskFull, .idsExhausted, .database: .inputOutput
        }
    }
}

extension DataFolder {
    /// The data folder of this call; throws the sentence for a person who has none.
    static func required() throws -> DataFolder {
        guard let data = try fromEnvironment() else {
            throw CommandFailure("nowhere to keep data: set NEXUS_DATA_DIR or HOME", .inputOutput)
        }
        return data
    }

    /// The same for a command that reads: a folder that cannot be looked into is not one without events.
    static func readable() throws -> DataFolder {
        let data = try required()
        try data.folder.requireReadableIfThere()
        return data
    }
}

extension CommandFailure {
    /// Throws where days would be others than those of the zone that was asked for.
    static func requireKnownZone() throws {
        guard let zone = LocalCalendar.unknownZone else { return }
        throw CommandFailure(
            "the time zone \(zone.escapedForDisplay) is not known here: set TZ to one that is, "
                + "Europe/Berlin for example, or unset it", .settings)
    }
}
