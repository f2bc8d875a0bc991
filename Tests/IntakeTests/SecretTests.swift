import EventModel
import Intake
import Platform
import Testing

@Suite("Secrets")
struct SecretTests {
    /// How tokens begin, each in two pieces, so that none stands here as it is.
    private static let beginnings = [
        ("AK", "IA"), ("AS", "IA"), ("AI", "za"), ("ya", "29."), ("GOC", "SPX-"), ("gh", "p_"), ("gh", "o_"),
        ("gh", "s_"),
        ("github", "_pat_"), ("gl", "pat-"), ("xo", "xb-"), ("xo", "xp-"), ("xa", "pp-"), ("s", "k-"), ("sk_", "live_"),
        ("sk_", "test_"), ("rk_", "live_"), ("wh", "sec_"), ("ey", "J"), ("np", "m_"), ("py", "pi-"), ("dckr", "_pat_"),
        ("h", "f_"), ("dop", "_v1_"), ("hv", "s."), ("S", "G."), ("shp", "at_"), ("lin", "_api_"), ("PM", "AK-"),
        ("AGE-SECRET", "-KEY-"), ("da", "pi"),
    ]

    private static let fields: [EventField] = [.command, .eventType, .errorCategory, .templateUsed, .sessionID]

    @Test("A known kind of token is refused in every text that is kept", arguments: beginnings)
    func tokens(beginning: (String, String)) {
        var harness = IntakeHarness()
        // No digits, so that only the beginning gives it away; 31 bytes, so that it can be a word of a command.
        let token = String((beginning.0 + beginning.1 + String(repeating: "abCdeFgh", count: 4)).prefix(31))
        for field in Self.fields {
            let other = field == .eventType ? "command" : "event_type"
            let line = "{\"\(other)\":\"plain\",\"\(field.key)\":\"\(token)\"}"
            #expect(harness.rejection(of: line) == Rejection(.looksSecret, field: field), "\(field.key)")
            #expect(!harness.intake.payload.text.contains(token))
        }
        #expect(
            harness.rejection(of: "{\"command\":\"login now \(token)\"}") == Rejection(.looksSecret, field: .command))
        #expect(harness.rejection(of: "{\"command\":\"\(token) login\"}") == Rejection(.looksSecret, field: .command))
        let behindColon = "x:" + token.prefix(29)
        #expect(
            harness.rejection(of: "{\"command\":\"login \(behindColon)\"}") == Rejection(.looksSecret, field: .command))
        let escaped = token.replacing("a", with: "\\u0061")
        #expect(harness.rejection(of: "{\"command\":\"\(escaped)\"}") == Rejection(.looksSecret, field: .command))
    }

    @Test(
        "Long text that changes between letters and digits is refused, whatever it begins with",
        arguments: [
            "a1b2c3d4e5f6a7b8c9d0", "9f86d081884c7d659a2f", "x7K" + "p2mQ9" + "vR4tZ8nL1w5Y", "abc123def456ghi789jkl",
        ])
    func randomText(text: String) {
        var harness = IntakeHarness()
        for field in Self.fields.dropLast() {
            let other = field == .eventType ? "command" : "event_type"
            let line = "{\"\(other)\":\"plain\",\"\(field.key)\":\"\(text)\"}"
            #expect(harness.rejection(of: line) == Rejection(.looksSecret, field: field), "\(field.key)")
        }
    }

    @Test(
        "Ordinary names are taken",
        arguments: [
            "build", "v1.2.3", "1.24.0-rc.1", "2026-11-23", "2026-11-23-release", "web-app-template",
            "camelCaseTemplateName",
            "PascalCaseTemplateNameThatIsLong", "snake_case_name_that_is_long", "node20", "python3.12-slim-bookworm",
            "postgres16-with-redis7", "skeleton", "sk-ui", "eyJ", "ghost", "hf_small", "key-value", "s.small",
            "npm_install",
            "AKIA", "glpat-x", "SG.x", "dapi", "datapipeline", "workspace_created",
        ])
    func ordinary(name: String) {
        var harness = IntakeHarness()
        for field in [EventField.eventType, .errorCategory, .templateUsed, .sessionID, .command] {
            #expect(
                harness.rejection(of: "{\"event_type\":\"x\",\"\(field.key)\":\"\(name)\"}").map(\.reason)
                    == (field == .eventType ? .duplicateKey : nil), "\(field.key)")
        }
        #expect(harness.rejection(of: "{\"event_type\":\"\(name)\"}") == nil)
    }

    @Test(
        "Ordinary commands with colons are kept",
        arguments: ["npm run build:prod", "npm run script:build-all-packages", "docker pull image:s.small", "a:b:c:d"])
    func colons(command: String) throws {
        var harness = IntakeHarness()
        #expect(try harness.accept("{\"command\":\"\(command)\"}")?.command == command)
    }

    @Test("Where a command's arguments begin nothing is looked at, for nothing of it is kept")
    func behindTheCut() throws {
        var harness = IntakeHarness()
        let token = "gh" + "p_" + "abcdefghijklmnop"
        for command in ["login --token=\(token)", "login -- \(token)", "a b c d \(token)", "login \(token)/x"] {
            let event = try harness.accept("{\"command\":\"\(command)\"}")
            #expect(event?.command.hasPrefix(command.prefix(1)) == true)
            #expect(!harness.intake.payload.text.contains(token.dropFirst(4)))
        }
    }
}
