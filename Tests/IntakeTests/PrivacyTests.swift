import Core
import Crypto
import Foundation
import Intake
import SystemSupport
import Testing

@Suite("Stored parts of names and commands")
struct PrivacyTests {
    @Test(
        "A command keeps up to four plain words before its arguments",
        arguments: [
            ("make", "make", false), ("git commit", "git commit", false), ("git  commit ", "git commit", false),
            (" git", "git", false), ("docker compose up -d", "docker compose up", true),
            ("a b c d", "a b c d", false), ("a b c d e", "a b c d", true), ("a b c d ", "a b c d", false),
            ("npm run build:prod", "npm run build:prod", false), ("python3.12 -m venv", "python3.12", true),
            ("cat /etc/passwd", "cat", true), ("cat ./file", "cat", true), ("cat ~/file", "cat", true),
            ("git commit -m 'for anna'", "git commit", true), ("git commit \\\"for anna\\\"", "git commit", true),
            ("KEY=value make", "", true), ("make KEY=value", "make", true), ("echo $HOME", "echo", true),
            ("mail anna@example.com", "mail", true), ("a|b", "", true), ("ls; rm", "", true), ("make &", "make", true),
            ("--version", "", true), ("/usr/bin/make", "make", true), ("/", "", true), ("make\\tall", "", true),
            ("make\\nall", "", true),
            ("größe", "", true), ("git größe", "git", true), ("x --flag plain", "x", true), ("_a", "", true),
            ("   ", "", false),
        ])
    func commands(given: String, kept: String, isCut: Bool) throws {
        var harness = IntakeHarness()
        #expect(try harness.accept("{\"command\":\"\(given)\"}")?.command == kept)
        #expect((harness.intake.takeRejections()?[.cutCommand] ?? 0) == (isCut ? 1 : 0))
    }

    @Test("A word of a command is kept up to its limit, and never in part")
    func longWords() throws {
        var harness = IntakeHarness()
        let longest = String(repeating: "w", count: Limits.commandWordBytes)
        #expect(try harness.accept("{\"command\":\"a \(longest)\"}")?.command == "a \(longest)")
        #expect(try harness.accept("{\"command\":\"a \(longest)w\"}")?.command == "a")
        let four = Array(repeating: longest, count: 4).joined(separator: " ")
        #expect(try harness.accept("{\"command\":\"\(four)\"}")?.command.utf8.count == Limits.commandBytes)
    }

    @Test(
        "Names become the first half of their HMAC-SHA256 under the key",
        arguments: [
            "x", "Projekt Müller", "/home/anna/work", "😀", "a b\\\"c", String(repeating: "n", count: Limits.nameBytes),
        ])
    func names(name: String) throws {
        var harness = IntakeHarness()
        let event = try #require(
            try harness.accept("{\"command\":\"make\",\"workspace\":\"\(name)\",\"task\":\"\(name)\"}"))
        let expected = Self.hash(name.replacing("\\\"", with: "\""))
        #expect(event.workspaceHash == expected)
        #expect(event.taskHash == expected)
    }

    @Test("A known name under a known key has a known hash")
    func knownVector() throws {
        var harness = IntakeHarness()
        let event = try harness.accept(#"{"command":"make","workspace":"Projekt Müller"}"#)
        #expect(event?.workspaceHash == "e6599ef035525049dbe039220ec5ea08")
        #expect(event?.taskHash == "")
    }

    @Test("More names than are remembered keep their hashes")
    func manyNames() throws {
        var harness = IntakeHarness()
        var wrong: [Int] = []
        for number in Array(0..<Limits.rememberedNames + 50) + [0, 1, Limits.rememberedNames - 1] {
            let event = try harness.accept("{\"command\":\"make\",\"workspace\":\"w\(number)\",\"task\":\"w1\"}")
            if event?.workspaceHash != Self.hash("w\(number)") || event?.taskHash != Self.hash("w1") {
                wrong.append(number)
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test("Nothing of a raw name, an argument or an unknown key is in the payload")
    func notInPayload() throws {
        var harness = IntakeHarness()
        _ = try harness.accept(
            #"{"workspace":"marker-one","task":"marker-two","command":"make marker=three","marker-four":"marker-five"}"#
        )
        #expect(!harness.intake.payload.text.contains("marker"))
    }

    @Test("A name that is too long is refused", arguments: [EventField.workspace, .task])
    func longNames(field: EventField) {
        var harness = IntakeHarness()
        let name = String(repeating: "n", count: Limits.nameBytes + 1)
        #expect(
            harness.rejection(of: "{\"command\":\"a\",\"\(field.key)\":\"\(name)\"}")
                == Rejection(.invalidText, field: field))
    }

    @Test(
        "A name and a hash contradict each other",
        arguments: [
            (EventField.workspace, EventField.workspaceHash), (.task, .taskHash),
        ])
    func contradiction(name: EventField, hash: EventField) throws {
        var harness = IntakeHarness()
        let digits = String(repeating: "a", count: 32)
        #expect(
            harness.rejection(of: "{\"command\":\"a\",\"\(name.key)\":\"n\",\"\(hash.key)\":\"\(digits)\"}")
                == Rejection(.contradiction, field: name))
        #expect(harness.rejection(of: "{\"command\":\"a\",\"\(name.key)\":\"\",\"\(hash.key)\":\"\(digits)\"}") == nil)
        #expect(harness.rejection(of: "{\"command\":\"a\",\"\(name.key)\":\"n\",\"\(hash.key)\":null}") == nil)
    }

    @Test(
        "A hash is 32 hexadecimal digits in lower case",
        arguments: [
            "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdef0", "0123456789ABCDEF0123456789ABCDEF",
            "0123456789abcdef0123456789abcdeg", "0123456789abcdef 123456789abcdef", "my project",
            "é23456789abcdef0123456789abcdef",
        ])
    func badHashes(text: String) {
        var harness = IntakeHarness()
        for field in [EventField.workspaceHash, .taskHash] {
            let rejection = harness.rejection(of: "{\"command\":\"a\",\"\(field.key)\":\"\(text)\"}")
            #expect(rejection == Rejection(.invalidHash, field: field))
        }
    }

    @Test(
        "A program is kept as its base name, not if it has several words, with the subcommand of known programs",
        arguments: [
            (["/usr/bin/make", "all"], "make all"), (["git", "status"], "git status"),
            (["/opt/x/git", "-C", "x"], "git"),
            (["/home/anna/my report"], ""), (["my \u{301}report"], ""), (["anna/\u{301}x"], ""), (["/"], ""), ([], ""),
            (["git", "anna's"], "git"), (["echo", "$(make)"], "echo"), (["$HOME/x"], "x"), (["'"], ""),
        ])
    func programs(arguments: [String], name: String) {
        #expect(ShellLine(arguments: arguments).command.name == name)
    }

    private static func hash(_ name: String) -> String {
        let key = SymmetricKey(data: Data(0..<32))
        return HMAC<SHA256>.authenticationCode(for: Data(name.utf8), using: key).prefix(16)
            .map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined()
    }
}
