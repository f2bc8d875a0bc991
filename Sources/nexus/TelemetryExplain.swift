import ArgumentParser
import Core
import Intake
import SystemSupport

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
            if let rejection = explanation.rejection, !explanation.isObject {
                throw CommandFailure(
                    "cannot explain the line: \(rejection.message); give one event as a JSON object", .rejectedInput)
            }
            if json {
                try File.standardOutput.write(Self.json(explanation).document)
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

        /// The keys are a contract.
        private static func json(_ explanation: EventExplanation) -> JSONValue {
            let fields = explanation.parts.map { part -> JSONValue in
                let field: JSONValue = [
                    "fate": .string(part.fate.rawValue), "key": .string(part.key), "reason": .string(part.rule.reason),
                    "rule": .string(part.rule.rawValue), "stored": .string(part.stored),
                ]
                return field.withoutNulls
            }
            let value: JSONValue = [
                "fields": .array(fields), "recorded": .bool(explanation.rejection == nil),
                "rejection": .string(explanation.rejection?.message), "schema": .integer(1),
            ]
            return value.withoutNulls
        }

        private func listRules() throws {
            if json {
                let rules = PrivacyRule.allCases.map { rule -> JSONValue in
                    [
                        "effect": .string(rule.effect), "reason": .string(rule.reason), "rule": .string(rule.rawValue),
                    ]
                }
                return try File.standardOutput.write(JSONValue.array(rules).document)
            }
            let lines = PrivacyRule.allCases.map { "\($0.rawValue)\n  \($0.effect)\n  because \($0.reason)\n" }
            try File.standardOutput.write(lines.joined())
        }
    }
}
