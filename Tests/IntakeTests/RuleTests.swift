import Core
import SystemSupport
import Testing

@testable import Intake

/// Every rule of `PrivacyRule`, each with values that it catches and near misses that it lets through.
@Suite("Effect of each rule")
struct RuleTests {
    /// A line of NDJSON and what has to become of it.
    struct Case: CustomStringConvertible {
        enum Outcome: Equatable {
            /// The event is refused for this reason.
            case refused(Rejection.Reason)
            /// The event is taken and the field redacted, and this is what is kept of it; "" when nothing is.
            case redacted(String)
            /// The event is taken, and this is what is kept of the field; "" when nothing is.
            case kept(String)
        }

        let line: String
        let field: EventField
        let outcome: Outcome

        init(_ field: EventField, _ value: String, _ outcome: Outcome) {
            let other = field == .command ? "\"event_type\":\"x\"" : "\"command\":\"x\""
            line = "{\(other),\"\(field.key)\":\(value)}"
            self.field = field
            self.outcome = outcome
        }

        init(line: String, _ field: EventField, _ outcome: Outcome) {
            self.line = line
            self.field = field
            self.outcome = outcome
        }

        var description: String { line }
    }

    struct Cases {
        let caught: [Case]
        let letThrough: [Case]
    }

    private static let names: [EventField] = [.workspace, .task]
    private static let hashes: [EventField] = [.workspaceHash, .taskHash]
    private static let identifiers: [EventField] = [.errorCategory, .templateUsed]
    private static let hash = "0123456789abcdef0123456789abcdef"

    /// Texts, each in each of the fields, and one outcome for all.
    private static func cases(_ fields: [EventField], _ texts: [String], _ outcome: Case.Outcome) -> [Case] {
        fields.flatMap { field in texts.map { Case(field, "\"\($0)\"", outcome) } }
    }

    /// Texts that are kept as they are, in each of the fields.
    private static func kept(_ fields: [EventField], _ texts: [String]) -> [Case] {
        fields.flatMap { field in texts.map { Case(field, "\"\($0)\"", .kept($0)) } }
    }

    /// What is kept of commands.
    private static func commands(_ pairs: [(String, String)]) -> [Case] {
        pairs.map { Case(.command, "\"\($0.0)\"", .kept($0.1)) }
    }

    private static func cases(of rule: PrivacyRule) -> Cases {
        switch rule {
        case .hashedName:
            let known = cases(names, ["acme"], .kept("c6667e9ad5c0f33e81dccf1001255258"))
            let long = cases(names, [String(repeating: "n", count: Limits.nameBytes + 1)], .refused(.invalidText))
            return Cases(caught: known + long, letThrough: kept(names, [""]))
        case .givenHash:
            let wrong = ["acme", hash + "0", String(hash.dropLast()), hash.uppercased(), "\u{430}" + hash.dropFirst(2)]
            return Cases(caught: cases(hashes, wrong, .refused(.invalidHash)), letThrough: kept(hashes, [hash]))
        case .plainCommand: return plainCommandCases
        case .shellLine:
            // A command's own name goes before the line.
            let line = #"{"event_type":"command","shell_line":"deploy.sh anna","command":"deploy now"}"#
            return Cases(
                caught: [Case(line: #"{"shell_line":"client=anna"}"#, .command, .refused(.noCommand))],
                letThrough: [Case(line: line, .command, .kept("deploy now"))])
        case .identifier:
            let longest = String(repeating: "x", count: Limits.identifierBytes)
            let wrong = ["no such file", "a/b", "a:b", "-x", ".x", "größe", "a\\nb", "p\u{430}yroll", longest + "x"]
            return Cases(
                caught: cases(identifiers, wrong, .refused(.invalidText)),
                letThrough: kept(identifiers, ["not_found", "v1.2-rc", "X", longest]))
        case .session:
            let longest = String(repeating: "x", count: Limits.sessionBytes)
            let wrong = ["my session", "a/b", "größe", longest + "x"]
            return Cases(
                caught: cases([.sessionID], wrong, .refused(.invalidText)),
                letThrough: kept([.sessionID], ["-x", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", longest]))
        case .number: return numberCases
        case .time:
            let wrong = ["yesterday with anna", "2026-02-30T10:00:00Z", "1999-12-31T23:59:59Z", "2026-11-23"]
            return Cases(
                caught: cases([.timestamp], wrong, .refused(.invalidTimestamp))
                    + [Case(.timestamp, "1795422600", .refused(.timestampInSeconds))],
                letThrough: [
                    Case(.timestamp, "\"2026-11-23T11:30:00.25+01:00\"", .kept("2026-11-23 10:30:00.250")),
                    Case(.timestamp, "946684800000", .kept("2000-01-01 00:00:00.000")),
                ])
        case .outcome:
            return Cases(
                caught: ["1", "\"true\"", "\"acme\""].map { Case(.success, $0, .refused(.wrongType)) },
                letThrough: ["true", "false"].map { Case(.success, $0, .kept($0)) })
        case .knownToken: return tokenCases
        case .randomText:
            let random = [
                "a1b2c3d4e5f6a7b8", "abc123def456ghi789jkl", "9f86d081884c7d659a2f", "qZxKvWjQpXzVkBqW",
                "a1b2c3d4-a1b2c3d4",
            ]
            // One character short of it, long enough with few changes, names with breaks, and parts that are too short.
            let others = [
                "a1b2c3d4e5f6a7b", "deploymentwindow1234567n", "release-2026-11-23-rc1-final", "web-5d4f8c7b9f-x2k4q",
                "a1b2c-a1b2c-a1b2c-a1b2c",
            ]
            return Cases(
                caught: cases(identifiers + [.command], random + random.map { "x-" + $0 }, .redacted(""))
                    + cases([.command], random.map { "login " + $0 }, .redacted("login"))
                    + cases(identifiers, ["x-00000000-0000-4000-8000-000000000000"], .redacted(""))
                    + [Case(line: #"{"event_type":"a1b2c3d4e5f6a7b8"}"#, .eventType, .refused(.looksSecret))],
                letThrough: kept(identifiers + [.command], others))
        case .unknownKey: return unknownKeyCases
        case .strictLine: return strictLineCases
        }
    }

    private static let plainCommandCases: Cases = {
        let tooLong = String(repeating: "w", count: Limits.commandWordBytes + 1)
        return Cases(
            caught: commands([
                ("make --all", "make"), ("cat /etc/passwd", "cat"), ("mail anna@example.com", "mail"),
                ("git 'x'", "git"), ("A=b make", ""), ("m\u{430}ke", ""), ("make all\\u0000", "make"),
                ("a b c d e", "a b c d"), ("a " + tooLong, "a"),
            ]),
            letThrough: commands([
                ("make all", "make all"), ("a b c d", "a b c d"), ("npm run build:prod", "npm run build:prod"),
                ("m\\u0061ke", "make"), ("a " + tooLong.dropLast(), "a " + tooLong.dropLast()),
            ]))
    }()

    private static let numberCases: Cases = {
        let longest = Limits.durationMilliseconds
        return Cases(
            caught: [
                Case(.durationMS, "-1", .refused(.outOfRange)), Case(.durationMS, "1e300", .refused(.outOfRange)),
                Case(.portsUsed, "1.5", .refused(.wrongType)),
                Case(.servicesCount, "\"acme\"", .refused(.wrongType)),
                Case(.portsUsed, "65537", .refused(.outOfRange)),
                Case(.servicesCount, "1000001", .refused(.outOfRange)),
                Case(.durationMS, "\(longest + 1)", .refused(.outOfRange)),
            ],
            letThrough: [
                Case(.durationMS, "0", .kept("0")), Case(.portsUsed, "65536", .kept("65536")),
                Case(.servicesCount, "1000000", .kept("1000000")), Case(.durationMS, "\(longest)", .kept("\(longest)")),
            ])
    }()

    private static let unknownKeyCases = Cases(
        caught: [
            Case(line: #"{"command":"x","password":"hunter2"}"#, .command, .kept("x")),
            Case(line: #"{"c\#u{43E}mmand":"hunter2","event_type":"x"}"#, .command, .kept("")),
            Case(line: #"{"command":"x","Workspace":"acme"}"#, .workspace, .kept("")),
            Case(line: #"{"command":"x","a":{"workspace":"acme"}}"#, .workspace, .kept("")),
        ],
        letThrough: [Case(line: #"{"comm\u0061nd":"x"}"#, .command, .kept("x"))])

    private static let strictLineCases: Cases = {
        let tooLong = String(repeating: "x", count: Limits.lineBytes)
        return Cases(
            caught: [
                Case(line: "make all", .command, .refused(.notJSON)),
                Case(line: #"{"command":"x"}{"command":"y"}"#, .command, .refused(.notJSON)),
                Case(line: #"{"command":"x","comm\u0061nd":"y"}"#, .command, .refused(.duplicateKey)),
                Case(line: #"["command"]"#, .command, .refused(.notJSON)),
                Case(line: #"{'command':'x'}"#, .command, .refused(.notJSON)),
                Case(line: "{\"command\":\"\(tooLong)\"}", .command, .refused(.lineTooLong)),
            ],
            letThrough: [Case(line: #" { "command" : "x" } "#, .command, .kept("x"))])
    }()

    /// Of every kind of token: the shortest that is one, one character less, and one that begins otherwise.
    private static let tokenCases: Cases = {
        var caught: [Case] = []
        var letThrough: [Case] = []
        let fields = identifiers + [.sessionID, .command]
        for kind in PrivacyRules.tokenKinds {
            // No digits, and random for no other rule, so that only the beginning gives it away.
            let body = kind.needsRandomBody ? "wQxZkVjB" : "release"
            let token = String((kind.prefix + String(repeating: body, count: 8)).prefix(kind.length))
            caught += cases(fields, [token, "x." + token], .redacted(""))
            caught += cases([.command], ["login " + token], .redacted("login"))
            caught += cases([.command], [escaped(token)], .redacted(""))
            let word = String((kind.prefix + String(repeating: "release", count: 8)).prefix(kind.length))
            letThrough += kept(fields, kind.needsRandomBody ? [word] : [String(token.dropLast()), "x" + token])
            letThrough += cases([.command], ["login --token " + token], .kept("login"))
        }
        return Cases(caught: caught, letThrough: letThrough)
    }()

    /// The text with its first character written as JSON may.
    private static func escaped(_ text: String) -> String {
        "\\u00" + String(text.utf8.first ?? 0, radix: 16) + text.dropFirst()
    }

    @Test("Every rule has an effect, a reason, and cases on both sides", arguments: PrivacyRule.allCases)
    func complete(rule: PrivacyRule) throws {
        #expect(!rule.effect.isEmpty && !rule.reason.isEmpty)
        let cases = Self.cases(of: rule)
        #expect(!cases.caught.isEmpty && !cases.letThrough.isEmpty)
    }

    @Test("A rule matches its cases, and no others", arguments: PrivacyRule.allCases)
    func rules(rule: PrivacyRule) throws {
        let cases = Self.cases(of: rule)
        for item in cases.caught + cases.letThrough {
            #expect(Self.outcome(of: item) == item.outcome, "\(item)")
        }
    }

    @Test("Every field has a rule for its stored part, and 'explain' names it", arguments: EventField.allCases)
    func fields(field: EventField) {
        let rule = PrivacyRule.keeping(field)
        let ruled = Self.cases(of: rule).caught + Self.cases(of: rule).letThrough
        #expect(ruled.contains { $0.field == field || (rule == .identifier && field == .eventType) })
    }

    @Test("An unknown key refuses a strict line")
    func strict() {
        var intake = EventIntake(key: IntakeHarness.key, session: "s", strict: true)
        let line = Array(#"{"command":"x","password":"hunter2"}"#.utf8)
        #expect(throws: Rejection(.unknownKey, column: 16)) { try intake.accept(line: line.span) }
    }

    /// What becomes of a line, as `explain` tells it: that goes through the intake that records, and reads back what would
    /// be written.
    private static func outcome(of item: Case) -> Case.Outcome {
        let explanation = EventExplanation(line: Array(item.line.utf8), key: IntakeHarness.key)
        if let rejection = explanation.rejection { return .refused(rejection.reason) }
        let part = explanation.parts.first { $0.key == item.field.key }
        let stored = part?.stored ?? ""
        return part?.fate == .redacted ? .redacted(stored) : .kept(stored)
    }
}
