import SystemSupport

/// Whether recording is allowed. Environment variables and marker files can switch recording off, but never on.
package enum RecordingPolicy: Equatable, Sendable {
    case on
    /// Nothing is written; the text names the reason.
    case off(reason: String)

    /// The name of the file that switches recording off in its folder and all folders below.
    package static let markerName = ".nexus-telemetry-off"

    /// Returns the policy for a data folder. It checks the environment, the working folder, the folders above it, and
    /// the settings, in this order. If `data` is nil, there are no settings to check. If the settings cannot be read,
    /// the method throws, and recording is not allowed.
    package static func current(
        for data: DataFolder?, environment: (String) -> String? = Environment.value,
        workingFolder: String? = WorkingFolder.path
    ) throws(SettingsError) -> RecordingPolicy {
        let here = outside(environment: environment, workingFolder: workingFolder)
        guard here == .on, let data else { return here }
        return of(try SettingsFile(data).load())
    }

    /// Returns the policy of the environment and the working folder. A process checks this policy once, when it starts
    /// to record.
    package static func outside(
        environment: (String) -> String? = Environment.value, workingFolder: String? = WorkingFolder.path
    ) -> RecordingPolicy {
        let recording = of(environment: environment)
        guard recording == .on, let workingFolder else { return recording }
        return of(folder: workingFolder)
    }

    /// Values of `NEXUS_TELEMETRY` that leave recording on, in upper or lower case. The shell hooks have the same list.
    package static let waysToSayYes = ["", "on", "1", "true", "yes"]

    /// Returns the policy of the environment. `NEXUS_TELEMETRY` switches recording off unless its value is in
    /// `waysToSayYes`. So `disabled`, for example, switches it off, as the user intends. `DO_NOT_TRACK` switches
    /// recording off unless it is empty or `0` (consoledonottrack.com).
    package static func of(environment: (String) -> String?) -> RecordingPolicy {
        if let value = environment("NEXUS_TELEMETRY"), !waysToSayYes.contains(value.lowercased()) {
            return .off(reason: "NEXUS_TELEMETRY is \(value)")
        }
        if let value = environment("DO_NOT_TRACK"), value != "", value != "0" {
            return .off(reason: "DO_NOT_TRACK is set")
        }
        return .on
    }

    /// Returns the policy of a folder. Recording is off if that folder, or a folder above it, has a file with the name
    /// `markerName`. The path must be absolute and without symbolic links.
    package static func of(folder path: String) -> RecordingPolicy {
        var folder = Folder(path)
        // One step for each folder of the path, and one for the root.
        while true {
            if folder.has(markerName) {
                let name = folder.path == "/" ? "/" + markerName : folder.path(of: markerName)
                return .off(reason: "\(name) exists")
            }
            guard folder.path.utf8.first == UInt8(ascii: "/"), folder.path != "/" else { return .on }
            folder = folder.parent
        }
    }

    /// Returns the policy of the settings.
    package static func of(_ settings: Settings) -> RecordingPolicy {
        settings.isRecordingOn ? .on : .off(reason: "'nexus telemetry off' was called")
    }
}

/// Checks before every write whether the settings still allow recording. Each check costs one system call, which gets
/// the file's stamp (`FileStamp`). The settings are read again only if the stamp has changed since the last check.
///
/// A process checks while it holds the lock under which it then writes. `nexus telemetry off` writes the settings and
/// then acquires each of these locks once. Afterwards no process is between its check and its write.
package struct RecordingPolicyCache: Sendable {
    private let file: SettingsFile
    private var last = LastLook.none

    /// The result of the last check, if there was one. It is an enum because the runtime builds the types of tuples and
    /// optionals while the program runs. Building such a type would take longer than a check.
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

    /// Returns the policy of the settings as they are now.
    package mutating func look() -> Result<RecordingPolicy, SettingsError> {
        let stamp = file.stamp
        if case .found(let finding) = last, finding.stamp == stamp { return finding.answer }
        // The stamp is read before the content. So the next check notices a change between the two reads.
        let answer = Result { () throws(SettingsError) in RecordingPolicy.of(try file.load()) }
        // A read that failed for lack of descriptors or memory can succeed at the next check, so it is not cached.
        if case .failure(.system) = answer {
            last = .none
        } else {
            last = .found(Finding(stamp: stamp, answer: answer))
        }
        return answer
    }

    /// Returns whether the settings allow writing now. Unreadable settings do not allow it.
    package mutating func isOpen() -> Bool {
        if case .success(.on) = look() { true } else { false }
    }
}
