import Recording
import Synchronization
import SystemSupport
import Testing

@Suite("The session of events that name none")
struct SessionManagerTests {
    private static let shell = ProcessIdentity(processID: Int32.max)
    private static let bootID: [UInt8] = [0x0A, 0xB0, 0xFF, 0x01] + [UInt8](repeating: 9, count: 12)

    private static func id(_ named: String?) -> String {
        SessionManager.sessionID(environment: { $0 == "NEXUS_SESSION" ? named : "other" }, shell: shell, bootID: bootID)
    }

    @Test("A valid NEXUS_SESSION is the session")
    func named() {
        #expect(Self.id("my-session.1") == "my-session.1")
    }

    @Test("The default is the shell's session", arguments: [nil, "", "a b", "ä", String(repeating: "x", count: 65)])
    func shells(named: String?) {
        #expect(Self.id(named) == "shell-0ab0ff01-2147483647-0")
    }

    @Test("A token in NEXUS_SESSION is not accepted")
    func token() {
        #expect(Self.id("gh" + "p_abcdefghijklmnopqrst").hasPrefix("shell-"))
    }

    @Test("The session is also valid without a boot id, and for the real parent process")
    func real() {
        let withoutBoot = SessionManager.sessionID(environment: { _ in nil }, shell: .parent(), bootID: nil)
        let real = SessionManager.sessionID(environment: { _ in nil })
        #expect(withoutBoot.hasPrefix("shell-00000000-"))
        #expect(SessionManager.isValid(withoutBoot) && SessionManager.isValid(real))
        #expect(real == SessionManager.sessionID(environment: { _ in nil }))
        #expect(ProcessIdentity.parent().startTime > 0)
    }

    @Test("The environment is read once, and the clients of a service have the service's session")
    func actor() async {
        let reads = Mutex(0)
        let manager = SessionManager { name in
            reads.withLock { $0 += 1 }
            return name == "NEXUS_SESSION" ? "mine" : nil
        }
        #expect(await manager.current() == "mine")
        #expect(await manager.current() == "mine")
        #expect(reads.withLock { $0 } == 1)
        #expect(await SessionManager(service: ProcessIdentity(processID: 77)).current() == "service-77")
    }
}
