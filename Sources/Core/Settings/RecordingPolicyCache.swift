import SystemSupport

/// Looks again before every write whether the settings still allow it. A look costs one call of the system; the file is
/// read only when it is another than at the last look.
///
/// Whoever looks while holding the lock under which it then writes makes 'off' certain: `nexus telemetry off` writes the
/// settings and then takes each of these locks once, so that afterwards nobody is between looking and writing.
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
