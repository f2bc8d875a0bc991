import Foundation
import TestSupport
import Testing

/// The words that .github/banned-words.txt lists are in no text and in no name of the project.
struct BannedWordTests {
    /// A list of forms, with texts in which the test finds one and texts in which it does not.
    struct Entry: Sendable {
        let forms: [Form]
        let found: [String]
        let allowed: [String]

        /// Nil for a line that is not of the form "forms | texts | texts".
        init?(_ line: Substring) {
            let fields = line.split(separator: "|", omittingEmptySubsequences: false)
            guard fields.count == 3 else { return nil }
            func parts(_ field: Substring, _ separator: Character) -> [String] {
                field.split(separator: separator).map { $0.trimmingCharacters(in: .whitespaces) }
            }
            forms = parts(fields[0], ",").map(Form.init)
            found = parts(fields[1], ";")
            allowed = parts(fields[2], ";")
        }
    }

    /// A word, or several in a row.
    struct Form: Sendable {
        let text: String
        let words: [String]
        /// Whether the words must be joined by a hyphen or in a camel-case name.
        let isJoined: Bool

        init(_ text: String) {
            self.text = text
            isJoined = text.contains("-")
            words = text.split { $0 == "-" || $0 == " " }.map(String.init)
        }
    }

    /// A word of a text in lower case: a whole word, or a part of a camel-case name.
    struct Word {
        /// The text between this word and the one before it.
        enum Gap { case joined, blank, other }

        let text: String
        let line: Int
        let gap: Gap
    }

    /// Splits a text into words.
    struct Words {
        private(set) var all: [Word] = []
        private var letters: [UInt8] = []
        private var separators: [UInt8] = []
        private var line = 1

        init(_ text: String) {
            let bytes = Array(text.utf8) + [0]
            var last: UInt8 = 0
            for (index, byte) in bytes.enumerated() {
                if Self.isLetter(byte) {
                    let startsWord =
                        Self.isUpper(byte)
                        && (!Self.isUpper(last) || index + 1 < bytes.count && Self.isLower(bytes[index + 1]))
                    if startsWord { endWord() }
                    letters.append(byte | 0x20)
                } else {
                    endWord()
                    separators.append(byte)
                    if byte == UInt8(ascii: "\n") { line += 1 }
                }
                last = byte
            }
        }

        private static func isUpper(_ byte: UInt8) -> Bool { byte >= 65 && byte <= 90 }
        private static func isLower(_ byte: UInt8) -> Bool { byte >= 97 && byte <= 122 }
        private static func isLetter(_ byte: UInt8) -> Bool { isUpper(byte) || isLower(byte) }

        private mutating func endWord() {
            guard !letters.isEmpty else { return }
            all.append(Word(text: String(decoding: letters, as: UTF8.self), line: line, gap: gap))
            letters = []
            separators = []
        }

        private var gap: Word.Gap {
            if separators.isEmpty || separators == [UInt8(ascii: "-")] || separators == [UInt8(ascii: "_")] {
                return .joined
            }
            // The signs of comments, of Markdown and of continued lines.
            return separators.allSatisfy(Array(" \t\r\n/#*>\\".utf8).contains) ? .blank : .other
        }
    }

    static let entries: [Entry] = {
        let path = Repository.root.appending(path: ".github/banned-words.txt")
        let text = (try? String(contentsOf: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap(Entry.init)
    }()

    /// Forms by their first word.
    private static let forms = Dictionary(grouping: entries.flatMap(\.forms)) { $0.words[0] }

    /// Returns the banned forms of a text, each with its line.
    static func findings(in text: String) -> [(line: Int, form: String)] {
        let words = Words(text).all
        return words.indices.flatMap { index in
            (forms[words[index].text] ?? []).filter { form in
                guard index + form.words.count <= words.count else { return false }
                return form.words.indices.dropFirst().allSatisfy { offset in
                    let word = words[index + offset]
                    return word.text == form.words[offset]
                        && (word.gap == .joined || !form.isJoined && word.gap == .blank)
                }
            }.map { (line: words[index].line, form: $0.text) }
        }
    }

    /// The files to check, by their paths in the repository.
    private static func paths() throws -> [String] {
        try ["Sources", "Tests"].flatMap { folder in
            try FileManager.default.subpathsOfDirectory(atPath: Repository.root.appending(path: folder).path)
                .map { "\(folder)/\($0)" }
        } + ["README.md", "PRIVACY.md"]
    }

    @Test("The list has the words of the writing rules")
    func list() {
        #expect(Self.entries.count >= 17)
        #expect(Self.entries.allSatisfy { !$0.forms.isEmpty && !$0.found.isEmpty && !$0.allowed.isEmpty })
    }

    @Test("Each word is found in its samples, and not in words that contain its letters")
    func samples() {
        for entry in Self.entries {
            for text in entry.found {
                let found = Self.findings(in: text).map(\.form)
                #expect(entry.forms.contains { found.contains($0.text) }, "\(text)")
            }
            for text in entry.allowed { #expect(Self.findings(in: text).isEmpty, "\(text)") }
        }
        #expect(Self.findings(in: "one\n\n\(Self.entries[0].found[0])").map(\.line) == [3])
    }

    @Test("No text and no name of the project has a banned word")
    func project() throws {
        var checked = 0
        for path in try Self.paths() {
            guard let text = try? String(contentsOf: Repository.root.appending(path: path), encoding: .utf8) else {
                continue
            }
            for finding in Self.findings(in: text) { Issue.record("\(path):\(finding.line): \(finding.form)") }
            for finding in Self.findings(in: path) { Issue.record("\(path): \(finding.form) in its name") }
            checked += 1
        }
        #expect(checked > 600)
    }
}
