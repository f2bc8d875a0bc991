package import SystemSupport

/// The settings on disk. Every process reads them, so they are replaced as a whole: a reader sees the old or the new.
package struct SettingsFile: Sendable {
    private let data: DataFolder

    package init(_ data: DataFolder) {
        self.data = data
    }

    /// Where the file stands.
    package var path: String { data.settingsPath }

    /// Changes when the file does; nil where there is none.
    package var stamp: FileStamp? { FileStamp(of: path) }

    /// Reads the settings. Where there is no file that is one failed open and nothing else.
    package func load() throws(SettingsError) -> Settings {
        var bytes: [UInt8] = []
        var isTrusted = true
        do throws(SystemError) {
            // Whatever stands there, opening it must not wait.
            let file = try File(opening: path, [.read, .nonBlocking])
            let status = try file.status()
            guard status.isRegular else { throw SystemError.notAFile(path) }
            isTrusted = File.isOwn(status) && !status.isWritableByOthers
            _ = try file.read(appendingTo: &bytes, limit: Limits.settingsBytes + 1)
        } catch  where error.isNotFound || error.isInNoFolder {
            return Settings()
        } catch {
            throw .system(error)
        }
        guard isTrusted else { throw .untrusted(path: path) }
        guard bytes.count <= Limits.settingsBytes else {
            throw .damaged(path: path, .init("it is longer than \(Limits.settingsBytes) bytes"))
        }
        do { return try Settings(bytes) } catch { throw .damaged(path: path, error) }
    }

    /// Changes the settings: one process at a time, from what is there now. When it returns, every look at the file finds
    /// the new ones, after a power cut too. Damaged settings are not overwritten, and none are written that nobody could read.
    @discardableResult
    package func update(_ change: (inout Settings) -> Void) throws(SettingsError) -> Settings {
        let lock = try asSettingsError { () throws(SystemError) in try data.lock() }
        defer { lock.unlock() }
        var settings = try load()
        change(&settings)
        guard settings.text.utf8.count <= Limits.settingsBytes else { throw .full(path: path) }
        try asSettingsError { () throws(SystemError) in try replace(with: settings.text) }
        return settings
    }

    /// Replaces the settings by what `bytes` holds, for an editor that was given `before`.
    ///
    /// - Returns: the settings; nil if another process has changed them meanwhile, and nothing was replaced.
    /// - Throws: `SettingsError.damaged` if `bytes` are no settings; the file is as it was.
    package func replace(_ before: Settings, with bytes: [UInt8]) throws(SettingsError) -> Settings? {
        guard bytes.count <= Limits.settingsBytes else { throw .full(path: path) }
        let settings: Settings
        do { settings = try Settings(bytes) } catch { throw .damaged(path: path, error) }
        let lock = try asSettingsError { () throws(SystemError) in try data.lock() }
        defer { lock.unlock() }
        guard try load() == before else { return nil }
        try asSettingsError { () throws(SystemError) in try replace(with: settings.text) }
        return settings
    }

    private func replace(with text: String) throws(SystemError) {
        let name = DataFolder.settingsName
        // Under the lock nobody else writes it: what is there a killed process has left.
        try data.folder.remove(name + ".new")
        let file = try File(opening: data.folder.path(of: name + ".new"), [.write, .create, .exclusive])
        try file.write(text)
        try file.synchronizeData()
        try data.folder.rename(name + ".new", to: name)
        try data.folder.synchronize()
    }
}

/// Runs a piece of file work and hands its error on as the settings' own.
private func asSettingsError<Value: ~Copyable>(
    _ work: () throws(SystemError) -> Value
) throws(SettingsError) -> Value {
    do { return try work() } catch { throw .system(error) }
}

/// Why the settings could not be read or changed.
package enum SettingsError: ReportedError, Equatable {
    case system(SystemError)
    /// The file holds something else than settings. As nobody can tell whether recording was switched off, it counts as
    /// off until that is mended.
    case damaged(path: String, Problem)
    /// The file is another user's, or others may write to it: it may not say what the user decided.
    case untrusted(path: String)
    /// With the change the file would be longer than one is read; it is as it was.
    case full(path: String)

    /// What is wrong with the content: the end of a sentence.
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
            "\(path.escapedForDisplay) cannot be used, as \(problem.text): nothing is recorded until you repair or remove it"
        case .untrusted(let path):
            "cannot use \(path.escapedForDisplay): it belongs to another user, or others may write to it, so nothing is "
                + "recorded; if it is yours run 'chmod 600' on it, else remove it"
        case .full(let path):
            "\(path.escapedForDisplay) would get longer than \(Limits.settingsBytes) bytes and was left as it is: "
                + "remove destinations that are not needed"
        }
    }

    /// Whether they say that nothing is to be recorded. Settings that only could not be read now say nothing.
    package var isOff: Bool {
        switch self {
        case .damaged, .untrusted, .full: true
        case .system: false
        }
    }

    /// The exit code that sysexits.h has for it.
    package var exitCode: ExitCode {
        switch self {
        case .system(let error): ExitCode(error)
        case .damaged, .full: .settings
        case .untrusted: .notPermitted
        }
    }
}
