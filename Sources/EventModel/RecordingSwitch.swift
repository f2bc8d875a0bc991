/// Whether anything may be recorded. The environment may only switch off, never on.
package enum RecordingSwitch: Equatable, Sendable {
    case on
    /// Nothing is written; the text says which setting asks for it.
    case off(reason: String)

    /// What the environment asks for: `NEXUS_TELEMETRY=off` (or `0`, `false`, `no`), or `DO_NOT_TRACK` set to anything
    /// but nothing or `0` (consoledonottrack.com).
    package static func of(environment: (String) -> String?) -> RecordingSwitch {
        if let value = environment("NEXUS_TELEMETRY"), ["off", "0", "false", "no"].contains(value.lowercased()) {
            return .off(reason: "NEXUS_TELEMETRY is \(value.lowercased())")
        }
        if let value = environment("DO_NOT_TRACK"), value != "", value != "0" {
            return .off(reason: "DO_NOT_TRACK is set")
        }
        return .on
    }
}
