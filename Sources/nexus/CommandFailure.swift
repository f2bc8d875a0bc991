import ArgumentParser
import Core
import Recording
import SystemSupport

/// The failure of a command: one sentence, and the exit code of sysexits.h for the failure.
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

    /// Converts a module's error to the failure that ends the command; nil for an error of the argument parser.
    init?(_ error: any Error) {
        switch error {
        case let error as CommandFailure: self = error
        case let error as any ReportedError: self.init(error.description, error.exitCode)
        default: return nil
        }
    }

    /// Returns the failure with `text` in its message replaced by `other`.
    func replacing(_ text: String, with other: String) -> CommandFailure {
        var failure = self
        failure.message = message.replacing(text, with: other)
        return failure
    }

    /// Writes the sentence to standard error.
    func say() {
        // If the write to standard error fails, the failure cannot be reported.
        try? CommandContext.current.report("nexus: \(message)\n")
    }

    /// Writes the sentence to standard error and ends the process.
    func end() -> Never {
        say()
        ThisProcess.end(code)
    }
}

extension DataFolder {
    /// Returns the data folder that the environment selects; throws a failure with a suggestion if it selects none.
    static func required() throws -> DataFolder {
        guard let data = try fromEnvironment(CommandContext.current.environment) else {
            throw CommandFailure(
                "no data folder: neither NEXUS_DATA_DIR nor HOME is an absolute path; set one of them", .inputOutput)
        }
        return data
    }

    /// Returns the data folder for a command that reads. A folder without read permission is an error, not an empty
    /// folder.
    static func readable() throws -> DataFolder {
        let data = try required()
        try data.folder.requireReadableIfThere()
        return data
    }
}

extension CommandFailure {
    /// Throws if this machine does not have the requested time zone. Days would otherwise begin at the midnight of
    /// another zone.
    static func requireKnownZone() throws {
        guard let zone = LocalCalendar.unknownZone() else { return }
        throw CommandFailure(
            "unknown time zone \(zone.escapedForDisplay): this machine does not have it; set TZ to another one, "
                + "such as Europe/Berlin, or unset it", .settings)
    }
}
