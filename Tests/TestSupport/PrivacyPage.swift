import Foundation

/// PRIVACY.md as its tests read it: sentences, and under each the commands to try, what they show, and the tests' names.
package struct PrivacyPage {
    /// A command to try, and what stands in its output.
    package struct Trial: Sendable {
        package let command: String
        package internal(set) var shown: [String] = []
    }

    /// A paragraph and the list behind it.
    package struct Claim: Sendable {
        package let text: String
        package internal(set) var trials: [Trial] = []
        package internal(set) var tests: [String] = []
    }

    /// What is to be run before everything else: the lines that are set as code before the first section.
    package let preparation: [String]
    /// The claims of all sections but the last, which says what cannot be tested.
    package let claims: [Claim]
    /// Lines of the lists that are none of the three kinds.
    package let strayLines: [String]

    package init() throws {
        let text = try String(contentsOf: Repository.root.appending(path: "PRIVACY.md"), encoding: .utf8)
        let sections = text.components(separatedBy: "\n## ")
        preparation = sections[0].split(separator: "\n").filter { $0.hasPrefix("    ") }.map { String($0.dropFirst(4)) }
        var claims: [Claim] = []
        var strays: [String] = []
        for block in sections.dropFirst().dropLast().flatMap({ $0.components(separatedBy: "\n\n").dropFirst() }) {
            guard block.hasPrefix("- ") else {
                claims.append(
                    Claim(text: block.replacing("\n", with: " ").trimmingCharacters(in: .whitespacesAndNewlines)))
                continue
            }
            for line in block.split(separator: "\n").map(String.init) {
                guard !claims.isEmpty, let (kind, content) = Self.parts(of: line) else {
                    strays.append(line)
                    continue
                }
                let last = claims.count - 1
                switch kind {
                case "Try": claims[last].trials.append(Trial(command: content))
                case "Shows" where !claims[last].trials.isEmpty:
                    claims[last].trials[claims[last].trials.count - 1].shown.append(content)
                case "Test": claims[last].tests.append(content)
                default: strays.append(line)
                }
            }
        }
        self.claims = claims
        strayLines = strays
    }

    /// The two parts of "- Kind: `content`".
    private static func parts(of line: String) -> (kind: String, content: String)? {
        guard line.hasPrefix("- "), line.hasSuffix("`"), let colon = line.range(of: ": `") else { return nil }
        return (String(line.dropFirst(2)[..<colon.lowerBound]), String(line[colon.upperBound...].dropLast()))
    }
}
