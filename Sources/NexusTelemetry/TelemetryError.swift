import Core
import Intake
import SystemSupport
import WriteAheadBuffer

/// The reason why telemetry could not be set up or written.
///
/// `record(_:)` never throws: it counts events that it cannot accept. Errors come from `Telemetry.init`, `flush()` and
/// `shutdown()`.
public struct TelemetryError: Error, CustomStringConvertible {
    /// The kind of error, by which a program can decide what to do. Later versions may add codes. A program should
    /// treat an unknown code like `.inputOutput`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case noDataFolder, damagedKey, damagedSettings, bufferFull, diskFull, notPermitted, inputOutput
        }

        private let kind: Kind

        /// `NEXUS_DATA_DIR` is not an absolute path. Or it is not set, and neither `XDG_DATA_HOME` nor `HOME` is an
        /// absolute path.
        public static let noDataFolder = Code(kind: .noDataFolder)
        /// The key for hashing names is invalid, belongs to another user, or is readable by other users. A lost key is
        /// not an error: events are then recorded without names.
        public static let damagedKey = Code(kind: .damagedKey)
        /// The settings of the data folder cannot be read; nothing is recorded until they are repaired or removed.
        public static let damagedSettings = Code(kind: .damagedSettings)
        /// The buffer has reached its limit: run `nexus flush`.
        public static let bufferFull = Code(kind: .bufferFull)
        /// The disk, or this user's quota, is full.
        public static let diskFull = Code(kind: .diskFull)
        /// This user may not write to the data folder, or the folder is a symbolic link that Nexus does not follow.
        public static let notPermitted = Code(kind: .notPermitted)
        /// Another reason, for example a system call that failed.
        public static let inputOutput = Code(kind: .inputOutput)

        /// The code's name.
        public var description: String { kind.rawValue }
    }

    /// The kind of error.
    public let code: Code
    /// One sentence for the user, safe to print to a terminal.
    public let message: String
    /// The underlying error; nil when there is none.
    public let cause: (any Error)?

    /// The code, followed by `message`.
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
