import ArgumentParser
import EventModel
import Foundation
import Intake
import Platform
import Store
import WriteAheadBuffer

/// How a command ends that could not do its work: one sentence and the code that sysexits.h has for it.
struct CommandFailure: Error {
    enum Code: Int32 {
        case usage = 64
        case rejectedInput = 65
        case unavailable = 69
        case inputOutput = 74
        case tryAgain = 75
        case notPermitted = 77
        case settings = 78
    }

    let message: String
    let code: Int32

    init(_ message: String, _ code: Code) {
        self.message = message
        self.code = code.rawValue
    }

    /// Ends with a code and says nothing more.
    static func silent(_ code: Int32) -> ExitCode { ExitCode(code) }

    /// What an error of the modules means for the person; nil when it is one of the argument parser's.
    init?(_ error: any Error) {
        switch error {
        case let error as CommandFailure: self = error
        case let error as Rejection: self.init("event not recorded: \(error.message)", .rejectedInput)
        case let error as SystemError: self.init(error.description, Self.code(of: error))
        case let error as HashKeyError:
            if case .system(let cause) = error {
                self.init(cause.description, Self.code(of: cause))
            } else {
                self.init(error.description, .settings)
            }
        case let error as BufferError: self.init(error.description, Self.code(of: error))
        case let error as StoreError: self.init(error.description, Self.code(of: error))
        default: return nil
        }
    }

    /// Writes the sentence to standard error and ends the process.
    func end() -> Never {
        try? File.standardError.write("nexus: \(message)\n")
        Foundation.exit(code)
    }

    private static func code(of error: SystemError) -> Code {
        error.isPermission ? .notPermitted : .inputOutput
    }

    private static func code(of error: BufferError) -> Code {
        switch error {
        case .system(let cause): code(of: cause)
        case .full: .tryAgain
        case .newerVersion: .settings
        }
    }

    private static func code(of error: StoreError) -> Code {
        switch error {
        case .notPermitted: .notPermitted
        case .newerVersion: .settings
        case .buffer(let cause): code(of: cause)
        case .system(let cause): code(of: cause)
        case .notADatabase, .diskFull, .database: .inputOutput
        }
    }
}

extension DataFolder {
    /// The data folder of this call; throws the sentence for a person who has none.
    static func required() throws -> DataFolder {
        guard let data = fromEnvironment() else {
            throw CommandFailure("nowhere to keep data: set NEXUS_DATA_DIR or HOME", .settings)
        }
        return data
    }
}
