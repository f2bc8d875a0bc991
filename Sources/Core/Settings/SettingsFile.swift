package import SystemSupport

/// The settings on disk. Every process reads the file, so it is replaced as a whole. A reader sees either the old or
/// the new settings.
package struct SettingsFile: Sendable {
    private let data: DataFolder
    private let file: SmallFile

    package init(_ data: DataFolder) {
        self.data = data
        file = SmallFile(DataFolder.settingsName, in: data, limit: Limits.settingsBytes)
    }

    package var path: String { file.path }

    /// A value that changes when the file changes; nil when there is no file.
    package var stamp: FileStamp? { FileStamp(of: path) }

    /// Reads the settings. If there is no file, returns the default settings, at the cost of one failed open.
    package func load() throws(SettingsError) -> Settings {
        let content = try asSettingsError { () throws(SystemError) in try file.read() }
        guard let content else { return Settings() }
        guard content.isTrusted else { throw .untrusted(path: path) }
        guard content.bytes.count <= Limits.settingsBytes else {
            throw .damaged(path: path, .init("it is longer than \(Limits.settingsBytes) bytes"))
        }
        do { return try Settings(content.bytes) } catch { throw .damaged(path: path, error) }
    }

    /// Changes the current settings. The lock of the data folder ensures that only one process at a time changes them.
    /// When the call returns, every read of the file finds the new settings, even after a power cut. Corrupt settings
    /// are not overwritten, and settings longer than the limit are not written.
    @discardableResult
    package func update(_ change: (inout Settings) -> Void) throws(SettingsError) -> Settings {
        let lock = try asSettingsError { () throws(SystemError) in try data.lock() }
        defer { lock.unlock() }
        var settings = try load()
        change(&settings)
        guard settings.text.utf8.count <= Limits.settingsBytes else { throw .full(path: path) }
        try asSettingsError { () throws(SystemError) in try file.replace(with: settings.text) }
        return settings
    }

    /// Replaces the settings with `bytes`, the content of a file that the user edited. `before` are the settings from
    /// the time when the editor opened.
    ///
    /// - Returns: the new settings. Nil if another process has changed the settings since then; the settings are then
    ///   not replaced.
    /// - Throws: `SettingsError.damaged` if `bytes` are not valid settings; the file is unchanged.
    package func replace(_ before: Settings, with bytes: [UInt8]) throws(SettingsError) -> Settings? {
        guard bytes.count <= Limits.settingsBytes else { throw .full(path: path) }
        let settings: Settings
        do { settings = try Settings(bytes) } catch { throw .damaged(path: path, error) }
        let lock = try asSettingsError { () throws(SystemError) in try data.lock() }
        defer { lock.unlock() }
        guard try load() == before else { return nil }
        try asSettingsError { () throws(SystemError) in try file.replace(with: settings.text) }
        return settings
    }
}

/// Runs `work` and converts its error to a `SettingsError`.
private func asSettingsError<Value: ~Copyable>(
    _ work: () throws(SystemError) -> Value
) throws(SettingsError) -> Value {
    do { return try work() } catch { throw .system(error) }
}

/// The reason why the settings could not be read or changed.
package enum SettingsError: ReportedError, Equatable {
    case system(SystemError)
    /// The file is not a valid settings file. The user may have switched recording off in the file, so recording counts
    /// as off until the file is fixed.
    case damaged(path: String, Problem)
    /// The file belongs to another user, or other users can write to it. Therefore its content is possibly not the
    /// user's decision.
    case untrusted(path: String)
    /// The new content would be longer than the limit for reading. The file is unchanged.
    case full(path: String)

    /// The problem with the content, as the end of a sentence that begins with the path.
    package struct Problem: Error, Equatable {
        let text: String

        init(_ text: String) {
            self.text = text
        }
    }

    package var description: String {
        switch self {
        case .system(let error): error.description
        case .damaged(let path, let problem):
            "cannot use \(path.escapedForDisplay): \(problem.text); nothing is recorded until you repair or remove it"
        case .untrusted(let path):
            "cannot use \(path.escapedForDisplay): it belongs to another user, or others may write to it, so nothing is "
                + "recorded; if it is yours, run 'chmod 600' on it; otherwise remove it"
        case .full(let path):
            "cannot write \(path.escapedForDisplay): it would exceed \(Limits.settingsBytes) bytes; "
                + "remove entries that are not needed"
        }
    }

    /// Whether the error means that recording is off. False for a temporary failure to read the settings.
    package var isOff: Bool {
        switch self {
        case .damaged, .untrusted, .full: true
        case .system: false
        }
    }

    /// The exit code for the error, from sysexits.h.
    package var exitCode: ExitCode {
        switch self {
        case .system(let error): ExitCode(error)
        case .damaged, .full: .settings
        case .untrusted: .notPermitted
        }
    }
}
