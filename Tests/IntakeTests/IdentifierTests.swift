import Core
import Intake
import Testing

@Suite("Identifiers and session ids")
struct IdentifierTests {
    private static let identifiers: [EventField] = [.eventType, .errorCategory, .templateUsed]

    @Test(
        "An identifier is letters, digits, dot, underscore and hyphen",
        arguments: [
            "a", "A", "0", "web-app", "v1.2.3", "snake_case", "camelCaseTemplate", "a-", "a.", "a_",
            String(repeating: "i", count: Limits.identifierBytes),
        ])
    func goodIdentifiers(text: String) {
        var harness = IntakeHarness()
        for field in Self.identifiers {
            #expect(harness.rejection(of: "{\"command\":\"a\",\"\(field.key)\":\"\(text)\"}") == nil)
        }
    }

    @Test(
        "Any other text is not an identifier",
        arguments: [
            "-a", ".a", "_a", " a", "a ", "a b", "a/b", "a:b", "a@b", "ä", "a\\u0000", "a\\n", "a\\\"b", "a,b", "{a}",
            String(repeating: "i", count: Limits.identifierBytes + 1),
        ])
    func badIdentifiers(text: String) {
        var harness = IntakeHarness()
        for field in Self.identifiers {
            #expect(
                harness.rejection(of: "{\"command\":\"a\",\"\(field.key)\":\"\(text)\"}")
                    == Rejection(.invalidText, field: field))
        }
    }

    @Test(
        "A session id may begin with any of its characters, and be random",
        arguments: [
            "s", "-s", ".s", "_", "shell-00112233-4711-815", "6f1c2a9e-4b7d-4e0a-9c3f-8d2b5a7e1f60",
            "01JD3X4M5N6P7Q8R9S0T1V2W3X",
            String(repeating: "s", count: Limits.sessionBytes),
        ])
    func goodSessions(text: String) throws {
        var harness = IntakeHarness()
        #expect(try harness.accept("{\"command\":\"a\",\"session_id\":\"\(text)\"}")?.session == text)
        #expect(EventIntake.isSession(text))
    }

    @Test(
        "A text that is not a session id is refused",
        arguments: [
            " ", "a b", "a/b", "a:b", "é", "a\t", String(repeating: "s", count: Limits.sessionBytes + 1),
        ])
    func badSessions(text: String) {
        var harness = IntakeHarness()
        let escaped = text.replacing("\t", with: "\\t")
        #expect(
            harness.rejection(of: "{\"command\":\"a\",\"session_id\":\"\(escaped)\"}")
                == Rejection(.invalidText, field: .sessionID))
        #expect(!EventIntake.isSession(text))
    }

    @Test("An empty session id is no session")
    func emptySession() {
        #expect(!EventIntake.isSession(""))
    }

    @Test("An event without session and time has those of the intake")
    func defaults() throws {
        var harness = IntakeHarness()
        let event = try harness.accept(#"{"command":"a"}"#)
        #expect(event?.session == IntakeHarness.session)
        #expect(event?.timestamp == IntakeHarness.now)
        #expect(event?.success == nil && event?.durationMS == nil)
    }

    @Test("A parsed event passes the same validation as a line")
    func parsed() throws {
        var harness = IntakeHarness()
        var parsed = ParsedEvent()
        parsed.set(.command, "make --all")
        parsed.set(.workspace, "Projekt Müller")
        parsed.set(.durationMS, 12)
        parsed.set(success: false)
        try harness.intake.accept(parsed)
        #expect(
            try AcceptedEvent(payload: harness.intake.payload)
                == harness.accept(
                    #"{"command":"make --all","workspace":"Projekt Müller","duration_ms":12,"success":false}"#))

        parsed.set(.errorCategory, "free text")
        #expect(throws: Rejection(.invalidText, field: .errorCategory)) { try harness.intake.accept(parsed) }
    }
}
