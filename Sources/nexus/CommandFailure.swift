import ArgumentParser
import Core
import Recording
import SystemSupport

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

    /// Makes the failure that ends the command from a module's error; nil for an error of the argument parser.
    init?(_ error: any Error) {
        switch error {
        case let error as CommandFailure: self = error
        case let error as any ReportedError: self.init(error.description, error.exitCode)
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
        try? CommandContext.current.report("nexus: \(message)\n")
    }

    /// Writes the sentence to standard error and ends the process.
    func end() -> Never {
        say()
        ThisProcess.end(code)
    }
}

extension DataFolder {
    /// The data folder of this call; throws the sentence for a person who has none.
    static func required() throws -> DataFolder {
        guard let data = try fromEnvironment(CommandContext.current.environment) else {
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
        guard let zone = LocalCalendar.unknownZone() else { return }
        throw CommandFailure(
            "the time zone \(zone.escapedForDisplay) is not known here: set TZ to one that is, "
                + "Europe/Berlin for example, or unset it", .settings)
    }
}
