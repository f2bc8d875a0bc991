import Core
import Intake
import SystemSupport
import WriteAheadBuffer

/// Why telemetry could not be set up, or could not be written.
///
/// `record(_:)` never throws: what it cannot take it counts. Errors come from `Telemetry.init`, `flush()` and
/// `shutdown()`.
public struct TelemetryError: Error, CustomStringConvertible {
    /// What went wrong, for a program to decide on. New codes may come; treat an unknown one like `.inputOutput`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case noDataFolder, damagedKey, damagedSettings, bufferFull, diskFull, notPermitted, inputOutput
        }

        private let kind: Kind

        /// None of `NEXUS_DATA_DIR`, `XDG_DATA_HOME` and `HOME` says where to write.
        public static let noDataFolder = Code(kind: .noDataFolder)
        /// The key that names are hashed with is there and is none.
        public static let damagedKey = Code(kind: .damagedKey)
        /// The settings of the data folder cannot be read; nothing is recorded until they are mended or removed.
        public static let damagedSettings = Code(kind: .damagedSettings)
        /// As much as is allowed waits to be drained: run `nexus flush`.
        public static let bufferFull = Code(kind: .bufferFull)
        /// The disk, or this user's share of it, is full.
        public static let diskFull = Code(kind: .diskFull)
        /// This user may not write to the data folder.
        public static let notPermitted = Code(kind: .notPermitted)
        /// A system call failed for another reason.
        public static let inputOutput = Code(kind: .inputOutput)

        /// The code's name.
        public var description: String { kind.rawValue }
    }

    /// What went wrong.
    public let code: Code
    /// One sentence for a person, safe to print to a terminal.
    public let message: String
    /// The error underneath; nil when there is none.
    public let cause: (any Error)?

    /// The code and the sentence.
    public var description: String { "\(code): \(message)" }

    static let noDataFolder = TelemetryError(
        code: .noDataFolder, message: "set NEXUS_DATA_DIR, XDG_DATA_HOME or HOME to an absolute path", cause: nil)

    private init(code: Code, message: String, cause: (any Error)?) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    init(_ error: DataFolderError) {
        let code: Code =
            switch error {
            case .relative: .noDataFolder
            case .link: .notPermitted
            }
        self.init(code: code, message: error.description, cause: error)
    }

    init(_ error: BufferError) {
        let code: Code =
            switch error {
            case .full: .bufferFull
            case .system(let error): Code(error)
            case .newerVersion, .busy, .off: .inputOutput
            case .settings: .damagedSettings
            }
        self.init(code: code, message: error.description, cause: error)
    }

    init(_ error: HashKeyError) {
        let code: Code =
            switch error {
            case .damaged, .exposed, .lost: .damagedKey
            case .system(let error): Code(error)
            case .settings: .damagedSettings
            case .off: .inputOutput
            }
        self.init(code: code, message: error.description, cause: error)
    }

    init(_ error: SettingsError) {
        let code: Code =
            switch error {
            case .damaged, .untrusted, .full: .damagedSettings
            case .system(let error): Code(error)
            }
        self.init(code: code, message: error.description, cause: error)
    }
}

extension TelemetryError.Code {
    fileprivate init(_ error: SystemError) {
        self = error.isDiskFull ? .diskFull : error.isPermission ? .notPermitted : .inputOutput
    }
}
