import EventModel
import Testing

@Suite("Whether anything is recorded")
struct RecordingSwitchTests {
    private static func decide(_ settings: [String: String]) -> RecordingSwitch {
        RecordingSwitch.of { settings[$0] }
    }

    @Test("NEXUS_TELEMETRY switches off", arguments: ["off", "OFF", "Off", "0", "false", "False", "no", "NO"])
    func switchedOff(value: String) {
        #expect(Self.decide(["NEXUS_TELEMETRY": value]) == .off(reason: "NEXUS_TELEMETRY is \(value.lowercased())"))
    }

    @Test("Any other NEXUS_TELEMETRY changes nothing", arguments: ["", "on", "1", "true", "yes", "offline"])
    func leftOn(value: String) {
        #expect(Self.decide(["NEXUS_TELEMETRY": value]) == .on)
    }

    @Test("DO_NOT_TRACK switches off unless it is empty or 0", arguments: ["1", "true", "yes", "00", " "])
    func doNotTrack(value: String) {
        #expect(Self.decide(["DO_NOT_TRACK": value]) == .off(reason: "DO_NOT_TRACK is set"))
    }

    @Test("Without a setting, or with DO_NOT_TRACK empty or 0, recording is on", arguments: [nil, "", "0"])
    func notSet(value: String?) {
        #expect(Self.decide(value.map { ["DO_NOT_TRACK": $0] } ?? [:]) == .on)
    }

    @Test("Switching on cannot overrule DO_NOT_TRACK")
    func offWins() {
        #expect(Self.decide(["NEXUS_TELEMETRY": "on", "DO_NOT_TRACK": "1"]) != .on)
        #expect(Self.decide(["NEXUS_TELEMETRY": "off", "DO_NOT_TRACK": "0"]) != .on)
    }
}
