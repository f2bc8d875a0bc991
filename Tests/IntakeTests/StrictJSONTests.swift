import Core
import Intake
import Testing

/// A line and what becomes of it.
struct LineCase: CustomTestStringConvertible, Sendable {
    var line: [UInt8]
    var reason: Rejection.Reason?

    init(_ line: String, _ reason: Rejection.Reason? = nil) {
        self.init(bytes: Array(line.utf8), reason)
    }

    init(bytes: [UInt8], _ reason: Rejection.Reason? = nil) {
        line = bytes
        self.reason = reason
    }

    var testDescription: String {
        String(decoding: line.prefix(70), as: UTF8.self).debugDescription + " → " + (reason?.name ?? "taken")
    }
}

@Suite("Lines as strict JSON")
struct StrictJSONTests {
    @Test(
        "The shape of an object",
        arguments: [
            LineCase(#"{"command":"build"}"#),
            LineCase("  {\t\"command\" :\r \"build\" }\r"),
            LineCase(#"{"command":"build","x":null}"#),
            LineCase(#"{"command":"build","x":[],"y":{},"z":[{"a":[1,"b",true,false,null,{}]}]}"#),
            LineCase("", .notJSON),
            LineCase("   ", .notJSON),
            LineCase("null", .notJSON),
            LineCase("[]", .notJSON),
            LineCase(#""command""#, .notJSON),
            LineCase("17", .notJSON),
            LineCase("{}", .missingType),
            LineCase("{ }", .missingType),
            LineCase("{", .notJSON),
            LineCase("}", .notJSON),
            LineCase(#"{"command":"build"}x"#, .notJSON),
            LineCase(#"{"command":"build"}}"#, .notJSON),
            LineCase(#"{"command":"build"} {"command":"build"}"#, .notJSON),
            LineCase(#"{"command":"build"},"#, .notJSON),
            LineCase("{\"command\":\"build\"}\0", .notJSON),
            LineCase(#"{"command":"build",}"#, .notJSON),
            LineCase(#"{,"command":"build"}"#, .notJSON),
            LineCase(#"{"command":"build",,"x":1}"#, .notJSON),
            LineCase(#"{"command":"build" "x":1}"#, .notJSON),
            LineCase(#"{"command" "build"}"#, .notJSON),
            LineCase(#"{"command":}"#, .notJSON),
            LineCase(#"{"command"}"#, .notJSON),
            LineCase(#"{"command":"build""#, .notJSON),
            LineCase(#"{"command":"build"#, .notJSON),
            LineCase(#"{command:"build"}"#, .notJSON),
            LineCase(#"{'command':'build'}"#, .notJSON),
            LineCase(#"{"command":'build'}"#, .notJSON),
            LineCase(#"{"command":build}"#, .notJSON),
            LineCase(#"{1:"build"}"#, .notJSON),
            LineCase(#"{"command":"build"/* c */}"#, .notJSON),
            LineCase("{\"command\":\"build\"}\u{A0}", .notJSON),
            LineCase("{\u{B}\"command\":\"build\"}", .notJSON),
            LineCase("\u{FEFF}{\"command\":\"build\"}", .notJSON),
            LineCase(#"{"command":"build","x":[1,]}"#, .notJSON),
            LineCase(#"{"command":"build","x":[,1]}"#, .notJSON),
            LineCase(#"{"command":"build","x":[1 2]}"#, .notJSON),
            LineCase(#"{"command":"build","x":[1}"#, .notJSON),
            LineCase(#"{"command":"build","x":[1}}"#, .notJSON),
            LineCase(#"{"command":"build","x":{"a":1]}"#, .notJSON),
            LineCase(#"{"command":"build","x":{"a"}}"#, .notJSON),
            LineCase(#"{"command":"build","x":{a:1}}"#, .notJSON),
            LineCase(#"{"command":"build","x":tru}"#, .notJSON),
            LineCase(#"{"command":"build","x":True}"#, .notJSON),
            LineCase(#"{"command":"build","x":truee}"#, .notJSON),
            LineCase(#"{"command":nul}"#, .notJSON),
            LineCase(#"{"command":nullx}"#, .notJSON),
            LineCase(#"{"command":"build","x":undefined}"#, .notJSON),
        ])
    func shape(of example: LineCase) { expect(example) }

    @Test(
        "Strings",
        arguments: [
            LineCase(#"{"command":"build","x":"\"\\\/\b\f\n\r\t\u0041\u00e9\uABCD"}"#),
            LineCase(#"{"command":"build","x":"\ud83d\ude00"}"#),
            LineCase(#"{"command":"build","x":"\uD83D\uDE00\uFFFF\u0000"}"#),
            LineCase(#"{"command":"build","x":"é 漢 😀"}"#),
            LineCase("{\"command\":\"build\",\"x\":\"\u{7F}\"}"),
            LineCase("{\"command\":\"build\",\"x\":\"a\tb\"}", .notJSON),
            LineCase("{\"command\":\"build\",\"x\":\"a\0b\"}", .notJSON),
            LineCase("{\"command\":\"build\",\"x\":\"a\u{1F}b\"}", .notJSON),
            LineCase("{\"command\":\"build\",\"x\":\"long enough for a word\u{1F}\"}", .notJSON),
            LineCase(#"{"command":"build","x":"\a"}"#, .notJSON),
            LineCase(#"{"command":"build","x":"\'"}"#, .notJSON),
            LineCase(#"{"command":"build","x":"\U0041"}"#, .notJSON),
            LineCase(#"{"command":"build","x":"\x41"}"#, .notJSON),
            LineCase(#"{"command":"build","x":"\u004"}"#, .notJSON),
            LineCase(#"{"command":"build","x":"\u004g"}"#, .notJSON),
            LineCase(#"{"command":"build","x":"\u+041"}"#, .notJSON),
            LineCase(#"{"command":"build","x":"\u"#, .notJSON),
            LineCase(#"{"command":"build","x":"\"#, .notJSON),
            LineCase(#"{"command":"build","x":"\"}"#, .notJSON),
            LineCase(#"{"command":"build","x":"\ud83d"}"#, .notUTF8),
            LineCase(#"{"command":"build","x":"\ude00"}"#, .notUTF8),
            LineCase(#"{"command":"build","x":"\ud83d\ud83d"}"#, .notUTF8),
            LineCase(#"{"command":"build","x":"\ud83dx"}"#, .notUTF8),
            LineCase(#"{"command":"build","x":"\ud83d\n"}"#, .notUTF8),
            LineCase(#"{"command":"build","x":"\ude00\ud83d"}"#, .notUTF8),
            LineCase(#"{"command":"build","\ud83d":1}"#, .notUTF8),
            LineCase(#"{"command":"build","x":"\ud83d\u00"}"#, .notJSON),
        ])
    func strings(of example: LineCase) { expect(example) }

    @Test(
        "Bytes that are not UTF-8",
        arguments: [
            [0xFF], [0xFE], [0x80], [0xBF], [0xC3], [0xC3, 0x28],
            // Longer than need be.
            [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF],
            // Halves of pairs, and beyond the last character.
            [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80], [0xE2, 0x82], [0xF0, 0x9F, 0x98],
        ] as [[UInt8]])
    func badUTF8(bytes: [UInt8]) {
        for filler in ["", "0123456"] {
            let inText = Array("{\"command\":\"build\",\"workspace\":\"\(filler)".utf8) + bytes + Array("\"}".utf8)
            let inKey = Array("{\"command\":\"build\",\"\(filler)".utf8) + bytes + Array("\":1}".utf8)
            expect(LineCase(bytes: inText, .notUTF8))
            expect(LineCase(bytes: inKey, .notUTF8))
        }
        expect(LineCase(bytes: Array("{\"command\":\"build\"}".utf8) + bytes, .notJSON))
    }

    @Test(
        "Numbers under an unknown key",
        arguments: [
            "0", "-0", "1", "-1", "10", "0.0", "-0.5", "1.5e3", "1E3", "1e+3", "1e-3", "0e0", "9223372036854775808",
            String(repeating: "9", count: 400), "1e999999", "123.4560",
        ])
    func goodNumbers(number: String) {
        expect(LineCase("{\"command\":\"build\",\"x\":\(number)}"))
        expect(LineCase("{\"x\":[\(number)],\"command\":\"build\"}"))
    }

    @Test(
        "Texts that look like numbers and are not",
        arguments: [
            "01", "-01", "00", "1.", "1e", "1e+", ".5", "-.5", "-", "--1", "+1", "1.e3", "1.5.5", "1e5e5", "1e5.5",
            "0x10",
            "1_000", "1,5", "NaN", "nan", "Infinity", "-Infinity", "inf", "1 2", "１",
        ])
    func badNumbers(number: String) {
        expect(LineCase("{\"command\":\"build\",\"x\":\(number)}", .notJSON))
        var harness = IntakeHarness()
        let reason = harness.rejection(of: "{\"command\":\"build\",\"duration_ms\":\(number)}")?.reason
        // The part before the mistake may already be of the wrong type.
        #expect(reason == .notJSON || reason == .wrongType)
    }

    @Test("Nesting is allowed to the limit and not a level deeper")
    func nesting() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            func line(_ levels: Int) -> String {
                let inner = String(repeating: open, count: levels) + "1" + String(repeating: close, count: levels)
                return "{\"command\":\"build\",\"x\":\(inner)}"
            }
            expect(LineCase(line(Limits.nestingDepth)))
            expect(LineCase(line(Limits.nestingDepth + 1), .nestedTooDeep))
        }
        let bottomless = "{\"x\":" + String(repeating: "[", count: 60_000)
        expect(LineCase(bottomless, .nestedTooDeep))
    }

    @Test("The reported column is that of the error")
    func column() {
        var harness = IntakeHarness()
        #expect(harness.rejection(of: #"{"command":build}"#)?.column == 12)
        #expect(harness.rejection(of: "x")?.column == 1)
        #expect(harness.rejection(of: #"{"command":"build"} x"#)?.column == 21)
        #expect(harness.rejection(of: "{")?.column == 2)
    }

    private func expect(_ example: LineCase, sourceLocation: SourceLocation = #_sourceLocation) {
        var harness = IntakeHarness()
        let reason = harness.rejection(ofBytes: example.line)?.reason
        #expect(reason == example.reason, "\(example.testDescription)", sourceLocation: sourceLocation)
    }
}
