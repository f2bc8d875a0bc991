import Foundation

/// The content of PRIVACY.md for the tests that check it. A paragraph is a claim. The list after it has commands to
/// try, texts that these commands show, and names of tests.
package struct PrivacyPage {
    /// A command to try.
    package struct Trial: Sendable {
        package let command: String
        /// The texts that the output of the command must contain.
        package internal(set) var shown: [String] = []
    }

    /// A paragraph, and the list after the paragraph.
    package struct Claim: Sendable {
        package let text: String
        package internal(set) var trials: [Trial] = []
        package internal(set) var tests: [String] = []
    }

    /// The commands to run before all trials: the lines of code before the first section.
    package let preparation: [String]
    /// The claims of all sections except the last section, which lists what no test can check.
    package let claims: [Claim]
    /// The list lines that are not of the kinds `Try`, `Shows` and `Test`.
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

    /// Returns the kind and the content of a line "- Kind: `content`"; nil if the line has another form.
    private static func parts(of line: String) -> (kind: String, content: String)? {
        guard line.hasPrefix("- "), line.hasSuffix("`"), let colon = line.range(of: ": `") else { return nil }
        return (String(line.dropFirst(2)[..<colon.lowerBound]), String(line[colon.upperBound...].dropLast()))
    }
}
