package import Core
import Recording
package import SystemSupport

/// Changes the settings by their names and values as text, as `nexus config` does.
package struct SettingsControl: Sendable {
    private let data: DataFolder
    private let file: SettingsFile

    package init(data: DataFolder) {
        self.data = data
        file = SettingsFile(data)
    }

    /// Returns the current state of every setting.
    package func states() throws(SettingsError) -> [SettingState] { try file.load().states }

    /// Sets a setting that has one value.
    ///
    /// - Returns: the outcome of switching recording off; nil for every other change.
    @discardableResult
    package func set(_ name: SettingName, to text: String) async throws -> TelemetryControl.OffOutcome? {
        switch (name, text) {
        case (.recording, "off"): return try await TelemetryControl(data: data).switchOff()
        case (.recording, "on"): try TelemetryControl(data: data).switchOn()
        case (.gitWorkspace, "on"), (.gitWorkspace, "off"): try file.update { $0.set(gitWorkspace: text == "on") }
        case (.recording, _), (.gitWorkspace, _): throw SettingChangeError.invalid(name, text)
        case (.retentionDays, _): throw SettingChangeError.elsewhere(name, command: "nexus telemetry retain")
        case (.destinations, _): throw SettingChangeError.elsewhere(name, command: "nexus sync add")
        case (.ignore, _), (.subcommands, _), (.interactive, _), (.nameFolders, _): throw SettingChangeError.list(name)
        }
        return nil
    }

    /// Sets a setting to its default.
    package func unset(_ name: SettingName) throws {
        if name == .recording { return try TelemetryControl(data: data).switchOn() }
        guard try file.load().has(name) else { return }
        try file.update { $0.unset(name) }
    }

    /// Adds entries to a list and keeps existing entries. If any entry is invalid, nothing is added.
    package func add(_ entries: [String], to name: SettingName) throws {
        guard name.isList else { throw SettingChangeError.noList(name) }
        for entry in entries where !name.accepts(entry: entry) { throw SettingChangeError.invalid(name, entry) }
        try file.update { settings in
            var list = settings.list(name)
            for entry in entries where !list.contains(entry) { list.append(entry) }
            settings.set(name, list: list)
        }
    }

    /// Removes entries from a list. If the list lacks any of them, nothing is removed.
    package func remove(_ entries: [String], from name: SettingName) throws {
        guard name.isList else { throw SettingChangeError.noList(name) }
        let list = try file.load().list(name)
        for entry in entries where !list.contains(entry) { throw SettingChangeError.absent(name, entry) }
        try file.update { settings in
            settings.set(name, list: settings.list(name).filter { !entries.contains($0) })
        }
    }

    /// Passes a copy of the settings file to an editor, and replaces the settings with the edited copy.
    ///
    /// - Parameter editor: edits the file at a path and returns whether it succeeded.
    /// - Returns: the outcome of switching recording off, if the user did that in the editor; nil otherwise.
    package func edit(_ editor: (String) throws -> Bool) async throws -> TelemetryControl.OffOutcome? {
        let before = try file.load()
        try data.folder.prepare()
        let edited = try Self.edited(before.text, in: data.folder, editor)
        guard edited != Array(before.text.utf8) else { return nil }
        guard let settings = try file.replace(before, with: edited) else { throw SettingChangeError.changedMeanwhile }
        guard before.isRecordingOn, !settings.isRecordingOn else { return nil }
        return try await TelemetryControl(data: data).switchOff()
    }

    private static func edited(
        _ text: String, in folder: Folder, _ editor: (String) throws -> Bool
    ) throws -> [UInt8] {
        let scratch = try ScratchFolder(in: folder)
        let path = scratch.path(of: DataFolder.settingsName)
        try File(opening: path, [.write, .create, .exclusive]).write(text)
        guard try editor(path) else { throw SettingChangeError.editorFailed }
        var bytes: [UInt8] = []
        // The file is opened by its path, because the editor may have replaced it.
        _ = try File(opening: path, [.read, .regular]).read(appendingTo: &bytes, limit: Limits.settingsBytes + 1)
        return bytes
    }
}

/// The reason why a setting was not changed.
package enum SettingChangeError: ReportedError, Equatable {
    case invalid(SettingName, String)
    case list(SettingName)
    case noList(SettingName)
    case absent(SettingName, String)
    case elsewhere(SettingName, command: String)
    case changedMeanwhile
    case editorFailed

    package var exitCode: ExitCode { .usage }

    package var description: String {
        switch self {
        case .invalid(let name, let text):
            "cannot set \(name.rawValue): '\(text.escapedForDisplay)' is not valid; give \(name.expected)"
        case .list(let name):
            "cannot set \(name.rawValue): it is a list; use 'nexus config add \(name.rawValue)' and 'remove'"
        case .noList(let name):
            "cannot change \(name.rawValue) this way: it is not a list; use 'nexus config set \(name.rawValue)'"
        case .absent(let name, let text):
            "cannot remove '\(text.escapedForDisplay)': it is not in \(name.rawValue); 'nexus config \(name.rawValue)' prints "
                + "the list"
        case .elsewhere(let name, let command):
            "cannot set \(name.rawValue) here: another command sets it; run '\(command)'"
        case .changedMeanwhile:
            "settings not changed: another process has changed them meanwhile; run 'nexus config edit' again"
        case .editorFailed: "settings not changed: the editor failed; set EDITOR to another one and try again"
        }
    }
}
