import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@testable import Intake

/// The rates of the two errors of the secret rules: ordinary words that are redacted, and tokens that are stored. The rules
/// were tuned on the first list of each pair only.
@Suite("Error rates of the secret rules")
struct SecretRateTests {
    private static func words(_ name: String) throws -> [String] {
        String(decoding: try Repository.fixture("Secrets/words-\(name).txt"), as: UTF8.self)
            .split(separator: "\n").map(String.init)
    }

    @Test("The rules alter at most 0.5 % of ordinary words", arguments: ["tuning", "held-out"])
    func ordinaryWords(list: String) throws {
        let words = try Self.words(list)
        #expect(words.count >= 1000)
        var harness = IntakeHarness()
        var altered: [String] = []
        for word in words {
            let isCommandWord = word.utf8.count <= Limits.commandWordBytes
            let isIdentifier = word.utf8.count <= Limits.identifierBytes && !word.contains(":")
            #expect(isCommandWord || isIdentifier, "\(word)")
            var isKept = true
            if isCommandWord {
                for command in [word, "run it \(word)"] {
                    isKept = try isKept && harness.accept("{\"command\":\"\(command)\"}")?.command == command
                }
            }
            if isIdentifier {
                let event = try harness.accept(
                    "{\"event_type\":\"\(word)\",\"error_category\":\"\(word)\",\"command\":\"x\"}")
                isKept = isKept && event?.type == word && event?.errorCategory == word
            }
            if !isKept { altered.append(word) }
        }
        print("ordinary words, \(list): \(altered.count) of \(words.count) altered: \(altered)")
        #expect(altered.count * 200 <= words.count, "\(altered)")
    }

    @Test("The two lists of ordinary words have no word in common and 2,000 together")
    func lists() throws {
        let (tuning, heldOut) = (Set(try Self.words("tuning")), Set(try Self.words("held-out")))
        #expect(tuning.isDisjoint(with: heldOut))
        #expect(tuning.count + heldOut.count >= 2000)
        #expect(Set((ProviderTokens.tuning + ProviderTokens.heldOut).map(\.name)).count == 40)
    }

    @Test("At most 1 % of tokens leave any 8 bytes in the payload", arguments: ["tuning", "held-out"])
    func tokens(list: String) {
        let providers = list == "tuning" ? ProviderTokens.tuning : ProviderTokens.heldOut
        var tokens = ProviderTokens(seed: list == "tuning" ? 1 : 2)
        var harness = IntakeHarness()
        var leaks: [String: Int] = [:]
        let tokensEach = 250
        for provider in providers {
            for _ in 0..<tokensEach where Self.isLeaked(tokens.token(of: provider), &harness) {
                leaks[provider.name, default: 0] += 1
            }
        }
        let leaked = leaks.values.reduce(0, +)
        print("tokens, \(list): \(leaked) of \(providers.count * tokensEach) leaked: \(leaks)")
        #expect(leaked * 100 <= providers.count * tokensEach, "\(leaks)")
    }

    /// Whether any 8 bytes of a token are in what is written of it: as a command, as a word of one, and as an identifier.
    private static func isLeaked(_ token: String, _ harness: inout IntakeHarness) -> Bool {
        let lines =
            ["", "login ", "login now user:"].map { "{\"command\":\"\($0)\(token)\"}" }
            + ["event_type", "error_category", "template_used"].map { "{\"command\":\"make\",\"\($0)\":\"\(token)\"}" }
        let bytes = Array(token.utf8)
        for line in lines where harness.rejection(of: line) == nil {
            let payload = harness.intake.payload
            for start in 0...bytes.count - 8 where payload.contains(bytes[start..<start + 8]) { return true }
        }
        return false
    }

    @Test("The common pairs of letters are the most frequent ones of the words that the rules were tuned on")
    func commonPairs() throws {
        var counts: [[UInt8]: Int] = [:]
        for word in try Self.words("tuning") {
            let bytes = word.utf8.map { $0 | 0x20 }
            for (left, right) in zip(bytes, bytes.dropFirst()) where Self.isLetter(left) && Self.isLetter(right) {
                counts[[left, right], default: 0] += 1
            }
        }
        let ranked = counts.sorted { ($1.value, $0.key[0], $0.key[1]) < ($0.value, $1.key[0], $1.key[1]) }
        var rows = [UInt32](repeating: 0, count: 26)
        for (pair, _) in ranked.prefix(RandomText.commonPairCount) {
            rows[Int(pair[0] - 97)] |= 1 << UInt32(pair[1] - 97)
        }
        #expect(rows == RandomText.commonPairs.indices.map { RandomText.commonPairs[$0] })
    }

    private static func isLetter(_ byte: UInt8) -> Bool { byte &- 97 < 26 }
}
