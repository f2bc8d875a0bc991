import Core
import Foundation
import SystemSupport

/// The settings file, whatever is in it. What is taken must be the same once more when it is written and read again, with
/// keys of later versions and all; and a change of one thing changes that and nothing else.
enum SettingsTarget {
    private static let folder = Scratch.folder("settings")
    private static let file = SettingsFile(DataFolder(folder))

    static func examine(_ bytes: [UInt8]) {
        if let value = JSONValue(bytes) {
            precondition(JSONValue(Array(value.text(.settings).utf8)) == value, "a value changes when it is written")
        }
        Scratch.write(bytes, to: file.path)
        guard let settings = try? file.load() else { return }
        if case .object? = JSONValue(bytes) {} else { fatalError("settings that are no object") }
        precondition(settings.retentionDays.map(Settings.retentionDaysRange.contains) ?? true)
        precondition((RecordingPolicy.of(settings) == .on) == settings.isRecordingOn)

        guard let changed = try? file.update({ $0.set(recording: !settings.isRecordingOn) }) else {
            // Written with its blanks it may be longer than a file may be, and is then left as it was.
            precondition((try? file.load()) == settings)
            return
        }
        precondition(changed.isRecordingOn != settings.isRecordingOn)
        precondition(changed.retentionDays == settings.retentionDays && changed.destinations == settings.destinations)
        precondition((try? file.load()) == changed, "settings change when they are written")
    }
}
