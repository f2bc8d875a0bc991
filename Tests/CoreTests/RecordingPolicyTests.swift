import Core
import Testing

@Suite("Recording policy")
struct RecordingPolicyTests {
    private static func decide(_ settings: [String: String]) -> RecordingPolicy {
        RecordingPolicy.of { settings[$0] }
    }

    @Test(
        "Any value of NEXUS_TELEMETRY that is not a yes switches recording off",
        arguments: ["off", "OFF", "0", "false", "no", "NO", "n", "none", "never", "disabled", "of", " ", "\u{43E}n"])
    func switchedOff(value: String) {
        #expect(Self.decide(["NEXUS_TELEMETRY": value]) == .off(reason: "NEXUS_TELEMETRY is \(value)"))
    }

    @Test("A yes of NEXUS_TELEMETRY changes nothing", arguments: ["", "on", "On", "1", "true", "TRUE", "yes"])
    func leftOn(value: String) {
        #expect(Self.decide(["NEXUS_TELEMETRY": value]) == .on)
    }

    @Test("DO_NOT_TRACK switches off unless it is empty or 0", arguments: ["1", "true", "yes", "00", " "])
    func doNotTrack(value: String) {
        #expect(Self.decide(["DO_NOT_TRACK": value]) == .off(reason: "DO_NOT_TRACK is set"))
    }

    @Test("Recording is on without a setting, or with DO_NOT_TRACK empty or 0", arguments: [nil, "", "0"])
    func notSet(value: String?) {
        #expect(Self.decide(value.map { ["DO_NOT_TRACK": $0] } ?? [:]) == .on)
    }

    @Test("Switching on cannot overrule DO_NOT_TRACK")
    func offWins() {
        #expect(Self.decide(["NEXUS_TELEMETRY": "on", "DO_NOT_TRACK": "1"]) != .on)
        #expect(Self.decide(["NEXUS_TELEMETRY": "off", "DO_NOT_TRACK": "0"]) != .on)
    }
}
