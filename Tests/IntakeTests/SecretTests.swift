import Core
import Intake
import SystemSupport
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

    /// What becomes of an event that holds `token` in each of the fields: nothing is written of the token, the rest of the
    /// event is, and one redacted value is counted. In strict mode the event is refused.
    private static func expectRedacted(_ token: String, in fields: [EventField]) throws {
        var harness = IntakeHarness()
        var strict = IntakeHarness(strict: true)
        for field in fields {
            let other = field == .command ? "error_category" : "command"
            let line = "{\"\(other)\":\"plain\",\"\(field.key)\":\"\(token)\"}"
            let event = try #require(try harness.accept(line), "\(field.key)")
            #expect(event.session == IntakeHarness.session && event.type == "command", "\(field.key)")
            #expect(event.command == (field == .command ? "" : "plain"), "\(field.key)")
            #expect(event.errorCategory == (field == .command ? "plain" : "") && event.template == "", "\(field.key)")
            let taken = harness.intake.takeRejections()
            #expect(taken?[.redactedValue] == 1 && taken?[.cutCommand] == 0 && taken?.rejected == 0, "\(field.key)")
            #expect(strict.rejection(of: line) == Rejection(.looksSecret, field: field), "\(field.key)")
        }
    }

    @Test("A known kind of token is redacted in every text that is kept", arguments: beginnings)
    func tokens(beginning: (String, String)) throws {
        // No digits, so that no other rule knows it; 31 bytes, so that it can be a word of a command.
        let token = String((beginning.0 + beginning.1 + String(repeating: "wQxZkVjB", count: 4)).prefix(31))
        try Self.expectRedacted(token, in: Self.fields)
        var harness = IntakeHarness()
        let escaped = token.replacing("Q", with: "\\u0051")
        for (command, kept) in [
            ("login now \(token)", "login now"), ("login \(token) now", "login"), ("\(token) login", ""),
            ("login x:\(token.prefix(29)) --now", "login"), ("login \(escaped)", "login"),
        ] {
            #expect(try harness.accept("{\"command\":\"\(command)\"}")?.command == kept, "\(command)")
            #expect(harness.intake.takeRejections()?[.redactedValue] == 1)
        }
    }

    @Test("An event type that looks like a secret is refused where no command is present")
    func typeAlone() {
        var harness = IntakeHarness()
        let token = "gh" + "p_" + "abcdefghijklmnop"
        #expect(
            harness.rejection(of: "{\"event_type\":\"\(token)\"}") == Rejection(.looksSecret, field: .eventType))
        #expect(harness.intake.takeRejections()?.rejected == 1)
    }

    @Test(
        "Long text that alternates between letters and digits is redacted, whatever its prefix",
        arguments: [
            "a1b2c3d4e5f6a7b8c9d0", "9f86d081884c7d659a2f", "x7K" + "p2mQ9" + "vR4tZ8nL1w5Y", "abc123def456ghi789jkl",
        ])
    func randomText(text: String) throws {
        try Self.expectRedacted(text, in: Self.fields.dropLast())
    }

    @Test(
        "Ordinary names are accepted",
        arguments: [
            "build", "v1.2.3", "1.24.0-rc.1", "2026-11-23", "2026-11-23-release", "web-app-template",
            "camelCaseTemplateName",
            "PascalCaseTemplateNameThatIsLong", "snake_case_name_that_is_long", "node20", "python3.12-slim-bookworm",
            "postgres16-with-redis7", "skeleton", "sk-ui", "eyJ", "ghost", "hf_small", "key-value", "s.small",
            "npm_install",
            "2026-11-29T10:00:00Z", "e2e-k8s-tests-nightly", "key-rotation-for-production-db", "npm_config_registry",
            "web-5d4f8c7b9f-x2k4q", "pypi-publish-workflow", "AKIA", "glpat-x", "SG.x", "dapi", "datapipeline",
            "workspace_created",
        ])
    func ordinary(name: String) {
        var harness = IntakeHarness()
        let fields: [EventField] = [.errorCategory, .templateUsed, .sessionID, .command]
        // A colon is for commands only.
        for field in name.contains(":") ? [.command] : fields {
            #expect(
                harness.rejection(of: "{\"event_type\":\"x\",\"\(field.key)\":\"\(name)\"}") == nil, "\(field.key)")
        }
        if !name.contains(":") { #expect(harness.rejection(of: "{\"event_type\":\"\(name)\"}") == nil) }
        #expect(harness.intake.takeRejections() == nil)
    }

    @Test(
        "Ordinary commands with colons are kept",
        arguments: ["npm run build:prod", "npm run script:build-all-packages", "docker pull image:s.small", "a:b:c:d"])
    func colons(command: String) throws {
        var harness = IntakeHarness()
        #expect(try harness.accept("{\"command\":\"\(command)\"}")?.command == command)
    }

    @Test("Text after the start of a command's arguments is not checked, as it is not kept")
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
