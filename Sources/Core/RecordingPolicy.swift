import SystemSupport

/// Whether anything may be recorded. Environment and folders may only switch off, never on.
package enum RecordingPolicy: Equatable, Sendable {
    case on
    /// Nothing is written; the text says what asks for it.
    case off(reason: String)

    /// The name of the file that switches recording off in its folder and all folders below.
    package static let markerName = ".nexus-telemetry-off"

    /// What counts here and now for a data folder: environment, working folder and those above it, settings, in this
    /// order. Throws when the settings cannot be read: nothing may be recorded then either.
    package static func current(
        for data: DataFolder?, environment: (String) -> String? = Environment.value,
        workingFolder: String? = WorkingFolder.path
    ) throws(SettingsError) -> RecordingPolicy {
        let here = outside(environment: environment, workingFolder: workingFolder)
        guard here == .on, let data else { return here }
        return of(try SettingsFile(data).load())
    }

    /// What environment and working folder say: all that stays the same while a process runs.
    package static func outside(
        environment: (String) -> String? = Environment.value, workingFolder: String? = WorkingFolder.path
    ) -> RecordingPolicy {
        let recording = of(environment: environment)
        guard recording == .on, let workingFolder else { return recording }
        return of(folder: workingFolder)
    }

    /// Values of `NEXUS_TELEMETRY` that switch nothing off, in any case; the shell hooks have the same list.
    package static let waysToSayYes = ["", "on", "1", "true", "yes"]

    /// What the environment asks for: `NEXUS_TELEMETRY` set to anything but a way to say yes, as whoever sets it to
    /// `disabled` does not want to be recorded, or `DO_NOT_TRACK` set to anything but nothing or `0`
    /// (consoledonottrack.com).
    package static func of(environment: (String) -> String?) -> RecordingPolicy {
        if let value = environment("NEXUS_TELEMETRY"), !waysToSayYes.contains(value.lowercased()) {
            return .off(reason: "NEXUS_TELEMETRY is \(value)")
        }
        if let value = environment("DO_NOT_TRACK"), value != "", value != "0" {
            return .off(reason: "DO_NOT_TRACK is set")
        }
        return .on
    }

    /// What a folder (an absolute path without symbolic links) asks for: itself, or the nearest one above it that has a
    /// file called `markerName`.
    package static func of(folder path: String) -> RecordingPolicy {
        var folder = Folder(path)
        // As many steps as the path has folders, and one for the root.
        while true {
            if folder.has(markerName) {
                let name = folder.path == "/" ? "/" + markerName : folder.path(of: markerName)
                return .off(reason: "\(name) is there")
            }
            guard folder.path.utf8.first == UInt8(ascii: "/"), folder.path != "/" else { return .on }
            folder = folder.parent
        }
    }

    /// What the settings ask for.
    package static func of(_ settings: Settings) -> RecordingPolicy {
        settings.isRecordingOn ? .on : .off(reason: "'nexus telemetry off' was called")
    }
}

/// Looks again before every write whether the settings still allow it. A look costs one call of the system; the file is
/// read only when it is another than at the last look.
///
/// A process checks while it holds the lock under which it then writes. `nexus telemetry off` writes the settings and then takes
/// each of these locks once, so that afterwards no process is between its check and its write.
package struct RecordingPolicyCache: Sendable {
    private let file: SettingsFile
    private var last = LastLook.none

    /// The last look, if there was one. No tuple and no optional: their types are put together when the program runs, which
    /// costs more than to look.
    private enum LastLook {
        case none
        case found(Finding)
    }

    private struct Finding {
        let stamp: FileStamp?
        let answer: Result<RecordingPolicy, SettingsError>
    }

    package init(_ data: DataFolder) {
        file = SettingsFile(data)
    }

    /// What the settings say now.
    package mutating func look() -> Result<RecordingPolicy, SettingsError> {
        let stamp = file.stamp
        if case .found(let finding) = last, finding.stamp == stamp { return finding.answer }
        // The stamp is older than what is read: a change in between is noticed at the next look.
        let answer = Result { () throws(SettingsError) in RecordingPolicy.of(try file.load()) }
        // What could not be read for want of descriptors or memory can be read the next time.
        if case .failure(.system) = answer {
            last = .none
        } else {
            last = .found(Finding(stamp: stamp, answer: answer))
        }
        return answer
    }

    /// Whether the settings allow writing now. Settings that cannot be read allow nothing.
    package mutating func isOpen() -> Bool {
        if case .success(.on) = look() { true } else { false }
    }
}
