import Intake
import SystemSupport
import Testing

@Suite("The session of events that name none")
struct AmbientSessionTests {
    private static let shell = ProcessIdentity(processID: Int32.max)
    private static let bootID: [UInt8] = [0x0A, 0xB0, 0xFF, 0x01] + [UInt8](repeating: 9, count: 12)

    private static func id(_ named: String?) -> String {
        AmbientSession.id(environment: { $0 == "NEXUS_SESSION" ? named : "other" }, shell: shell, bootID: bootID)
    }

    @Test("A valid NEXUS_SESSION is it")
    func named() {
        #expect(Self.id("my-session.1") == "my-session.1")
    }

    @Test("Else it is the shell's", arguments: [nil, "", "a b", "ä", String(repeating: "x", count: 65)])
    func shells(named: String?) {
        #expect(Self.id(named) == "shell-0ab0ff01-2147483647-0")
    }

    @Test("A token in NEXUS_SESSION is not taken")
    func token() {
        #expect(Self.id("gh" + "p_abcdefghijklmnopqrst").hasPrefix("shell-"))
    }

    @Test("Without a boot id, and for the process that is really there, it is a valid one too")
    func real() {
        let withoutBoot = AmbientSession.id(environment: { _ in nil }, shell: .parent(), bootID: nil)
        let real = AmbientSession.id(environment: { _ in nil })
        #expect(withoutBoot.hasPrefix("shell-00000000-"))
        #expect(EventIntake.isSession(withoutBoot) && EventIntake.isSession(real))
        #expect(real == AmbientSession.id(environment: { _ in nil }))
        #expect(ProcessIdentity.parent().startTime > 0)
    }
}
