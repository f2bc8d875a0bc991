import Core
import Foundation
import Intake
import TestSupport
import Testing

@Suite("Random JSON compared with Foundation")
struct RandomJSONTests {
    /// Writes random JSON in its many spellings.
    private struct Writer {
        var generator: SeededGenerator

        mutating func pick(_ choices: [String]) -> String { choices.randomElement(using: &generator) ?? "" }

        mutating func blank() -> String { pick(["", "", "", " ", "\t", "  ", "\r"]) }

        mutating func string() -> String {
            let pieces = [
                "a", "Zz", "0", " ", "é", "漢", "😀", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00E9",
                "\\ud83d\\ude00", "{", "]",
                "long enough for one word", "'", "\u{7F}",
            ]
            return "\"" + (0..<Int.random(in: 0...6, using: &generator)).map { _ in pick(pieces) }.joined() + "\""
        }

        mutating func number() -> String {
            pick(["", "-"]) + pick(["0", "7", "10", "123456", "9007199254740993"])
                + pick(["", "", ".5", ".025", "e2", "E-2", "e+1"])
        }

        mutating func value(depth: Int) -> String {
            let kind = Int.random(in: 0...(depth > 0 ? 7 : 5), using: &generator)
            return switch kind {
            case 0, 1: string()
            case 2, 3: number()
            case 4: pick(["true", "false"])
            case 5: "null"
            case 6: object(depth: depth - 1)
            default: "[" + members(depth: depth - 1, withKeys: false) + "]"
            }
        }

        mutating func object(depth: Int) -> String { "{" + members(depth: depth, withKeys: true) + "}" }

        private mutating func members(depth: Int, withKeys: Bool) -> String {
            let count = Int.random(in: 0...4, using: &generator)
            return blank()
                + (0..<count).map { index in
                    let key = withKeys ? blank() + "\"key\(index)" + string().dropFirst() + blank() + ":" : ""
                    return key + blank() + value(depth: depth) + blank()
                }.joined(separator: ",")
        }
    }

    /// Characters that a mutation puts in.
    private static let mutants = Array("{}[]\",:\\0123-.eEtfnu \u{1}".utf8) + [0x80, 0xC3, 0xFF]

    @Test(
        "Objects with unknown keys are accepted exactly when Foundation accepts them", arguments: 0..<8 as Range<UInt64>
    )
    func valid(seed: UInt64) throws {
        var writer = Writer(generator: SeededGenerator(seed: seed))
        var harness = IntakeHarness()
        for _ in 0..<150 {
            let line = Array(writer.object(depth: 4).utf8)
            let isObject = Self.isObject(line)
            try #require(isObject)
            #expect(
                harness.rejection(ofBytes: line) == Rejection(.missingType), "\(String(decoding: line, as: UTF8.self))")
        }
    }

    @Test(
        "A mutated line is accepted only when Foundation accepts it too", arguments: 0..<8 as Range<UInt64>)
    func mutated(seed: UInt64) {
        var writer = Writer(generator: SeededGenerator(seed: 1000 + seed))
        var harness = IntakeHarness()
        var taken = 0
        for _ in 0..<800 {
            var line = Array(("{\"command\":\"make\"," + writer.object(depth: 3).dropFirst()).utf8)
            for _ in 0..<Int.random(in: 1...3, using: &writer.generator) where !line.isEmpty {
                let index = line.indices.randomElement(using: &writer.generator) ?? 0
                switch Int.random(in: 0...2, using: &writer.generator) {
                case 0: line.remove(at: index)
                case 1: line[index] = Self.mutants.randomElement(using: &writer.generator) ?? 0
                default: line.insert(Self.mutants.randomElement(using: &writer.generator) ?? 0, at: index)
                }
            }
            let rejection = harness.rejection(ofBytes: line)
            guard rejection == nil || rejection?.reason == .missingType else { continue }
            taken += 1
            #expect(Self.isObject(line), "\(String(decoding: line, as: UTF8.self))")
        }
        #expect(taken > 50)
    }

    @Test("Random bytes are refused and never crash")
    func randomBytes() {
        var generator = SeededGenerator(seed: 9)
        var harness = IntakeHarness()
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...80, using: &generator)).map { _ in
                Bool.random(using: &generator)
                    ? UInt8.random(in: 0...255, using: &generator) : Self.mutants.randomElement(using: &generator) ?? 0
            }
            #expect(harness.rejection(ofBytes: [UInt8(ascii: "{")] + bytes) != nil)
        }
    }

    private static func isObject(_ line: [UInt8]) -> Bool {
        func parses(_ bytes: [UInt8]) -> Bool {
            (try? JSONSerialization.jsonObject(with: Data(bytes))) is [String: Any]
        }
        if parses(line) { return true }
        // Foundation refuses numbers beyond `Double`, which JSON itself does not.
        guard let text = String(validating: line, as: UTF8.self) else { return false }
        return parses(Array(text.replacing(/([0-9])[eE][+-]?[0-9]{3,}/) { "\($0.1)e1" }.utf8))
    }
}
