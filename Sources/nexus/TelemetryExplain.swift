import ArgumentParser
import EventModel
import Foundation
import Intake
import Platform
import Reports

extension TelemetryCommand {
    struct Explain: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "explain", abstract: "Show what would be stored of an event, and by which rule.",
            discussion: """
                The line goes through the very code that recording uses, and is not stored: no file is made or changed. \
                Without a line the rules are listed.
                """)

        @Argument(help: ArgumentHelp("The event, one JSON object.", valueName: "json line"))
        var line: String?

        @Flag(help: "As with 'nexus record --stdin --strict'.")
        var strict = false

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            guard let line else { return try listRules() }
            let key = try DataFolder.fromEnvironment().flatMap { try HashKey.existing(in: $0) }
            let explanation = EventExplanation(line: Array(line.utf8), key: key, strict: strict)
            if json {
                try File.standardOutput.write(JSONText.of(ExplanationJSON(explanation)))
            } else {
                try File.standardOutput.write(text(explanation))
            }
        }

        private func text(_ explanation: EventExplanation) -> String {
            var lines =
                explanation.rejection.map { ["Refused: \($0.message). Nothing of it would be stored.", ""] }
                ?? ["Would be recorded.", ""]
            let width = explanation.parts.map { $0.key.escapedForDisplay.count }.max() ?? 0
            for part in explanation.parts {
                let key = part.key.escapedForDisplay
                let stored = part.stored.map { ": " + $0.escapedForDisplay } ?? ""
                lines.append(
                    key + String(repeating: " ", count: width - key.count) + "  \(part.fate.rawValue)\(stored)")
                lines.append(String(repeating: " ", count: width) + "  [\(part.rule.rawValue)] \(part.rule.effect)")
            }
            return lines.joined(separator: "\n") + "\n"
        }

        private func listRules() throws {
            if json { return try File.standardOutput.write(JSONText.of(PrivacyRule.allCases.map(RuleJSON.init))) }
            let lines = PrivacyRule.allCases.map { "\($0.rawValue)\n  \($0.effect)\n  because \($0.reason)\n" }
            try File.standardOutput.write(lines.joined())
        }
    }
}

private struct RuleJSON: Encodable {
    let rule: String
    let effect: String
    let reason: String

    init(_ rule: PrivacyRule) {
        self.rule = rule.rawValue
        effect = rule.effect
        reason = rule.reason
    }
}

/// An explanation. The keys are a contract.
private struct ExplanationJSON: Encodable {
    struct Part: Encodable {
        let key: String
        let fate: String
        let stored: String?
        let rule: String
        let reason: String
    }

    let schema = 1
    let recorded: Bool
    let rejection: String?
    let fields: [Part]

    init(_ explanation: EventExplanation) {
        recorded = explanation.rejection == nil
        rejection = explanation.rejection?.message
        fields = explanation.parts.map {
            Part(
                key: $0.key, fate: $0.fate.rawValue, stored: $0.stored, rule: $0.rule.rawValue, reason: $0.rule.reason)
        }
    }
}
