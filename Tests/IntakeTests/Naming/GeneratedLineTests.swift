import Core
import Foundation
import TestSupport
import Testing

@testable import Intake

/// Generated lines against bash: what bash accepts, it prints in a form of its own (`declare -f`), a command a line, from which
/// the first command's word is read without a parser.
struct GeneratedLineTests {
    /// 100,000 lines with `NEXUS_TEST_FULL=1`.
    private static let count = ProcessInfo.processInfo.environment["NEXUS_TEST_FULL"] == "1" ? 100_000 : 3000

    @Test("The first word of generated lines is the one that bash runs first")
    func firstWords() throws {
        let folder = try TemporaryFolder()
        let seed: UInt64 = 22
        var generator = GeneratedLines(seed: seed)
        let lines = (0..<Self.count).map { _ in generator.next() }
        let forms = try bashForms(of: lines, in: folder.path)
        try #require(forms.count == lines.count)
        var accepted = 0
        var different: [String] = []
        for (line, form) in zip(lines, forms) {
            var words = ShellLineParser(line.utf8, shell: .bash).commands.first?.words.map(\.text) ?? []
            // `time` is a word of the parser's, and so are assignments after it; the rules for names skip both.
            if words.first == "time" {
                words = Array(words.dropFirst().drop { $0.contains("=") && !$0.hasPrefix("-") })
            }
            let own = words.first
            guard let form else { continue }
            accepted += 1
            let word = Self.firstWord(form)
            if word != own { different.append("\(word ?? "none") is \(own ?? "none") in \(line.debugDescription)") }
        }
        let share = Double(accepted - different.count) / Double(accepted)
        print("generated lines: \(lines.count), accepted by bash: \(accepted), first words that agree: \(share)")
        for text in different.prefix(10) { print("  \(text)") }
        #expect(Double(accepted) > 0.7 * Double(lines.count))
        #expect(share >= 0.99, "\(different.prefix(20).joined(separator: "\n"))")
    }

    /// Returns bash's form of each line as the body of a function, nil where bash does not accept it. No line is run: the
    /// brackets of each are closed, and no program can be found.
    private func bashForms(of lines: [String], in folder: String) throws -> [[Substring]?] {
        let input = folder + "/lines"
        try Data(lines.map { $0 + "\0" }.joined().utf8).write(to: URL(filePath: input))
        let script = """
            while IFS= read -r -d '' line; do
                unset -f __f
                if eval "__f() {
            $line
            }" 2>/dev/null; then declare -f __f; else printf REJECTED; fi
                printf '\\0'
            done
            """
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        process.arguments = ["1200", "/usr/bin/bash", "-c", script]
        process.currentDirectoryURL = URL(filePath: folder)
        process.environment = ["PATH": "/nonexistent"]
        process.standardInput = FileHandle(forReadingAtPath: input)
        let output = folder + "/forms"
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: output)
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let text = String(decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self)
        return text.split(separator: "\0", omittingEmptySubsequences: false).dropLast().map { form in
            form.hasPrefix("__f ()")
                ? form.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(2).map { $0 } : nil
        }
    }

    /// What begins a command without being its word.
    private static let openers = ["time ", "! ", "( ", "if ", "while ", "until ", "elif ", "{ "]
    private static let headers: Set<String> = [
        "", "do", "then", "else", "{", "(", "time", "!", "a | b)", "c)", "*)", "}",
    ]

    /// Returns the word of the first command in bash's form, the body of a function with its closing bracket; nil if none.
    static func firstWord(_ body: [Substring]) -> String? {
        var index = 0
        var lines = body.dropLast().map { String($0) }
        while index < lines.count {
            let indent = lines[index].prefix { $0 == " " }.count
            var text = lines[index].trimmingCharacters(in: .whitespaces)
            while let opener = openers.first(where: { text.hasPrefix($0) }) {
                text = String(text.dropFirst(opener.count))
            }
            if text.hasPrefix("function ") { text = String(text.dropFirst("function ".count)) }
            if text.wholeMatch(of: /f[0-9] \(\) ?/) != nil {
                // The body of a function runs nothing: go on after its closing bracket.
                let start = index + 1 < lines.count ? lines[index + 1].prefix { $0 == " " }.count : indent
                let close = String(repeating: " ", count: start) + "}"
                index += 2
                while index < lines.count, !lines[index].hasPrefix(close) { index += 1 }
                guard index < lines.count else { return nil }
                var rest = lines[index].dropFirst(close.count).trimmingCharacters(in: .whitespaces)
                for joint in ["&&", "||", "|&", "|", "&", ";"] where rest.hasPrefix(joint) {
                    rest = rest.dropFirst(joint.count).trimmingCharacters(in: .whitespaces)
                    break
                }
                lines[index] = String(repeating: " ", count: start) + rest
                continue
            }
            if headers.contains(text) || text.hasPrefix("case ") || text.hasPrefix("for i in ") {
                index += 1
                continue
            }
            while let assignment = GeneratedLines.assignments.first(where: { text.hasPrefix($0 + " ") }) {
                text = String(text.dropFirst(assignment.count + 1))
            }
            if text.hasPrefix("((") { return "((" }
            return String(text.prefix { $0 != " " && $0 != ";" })
        }
        return nil
    }
}
