package import Core
package import Intake
import SystemSupport

/// The explanation of one event, as `nexus telemetry explain` prints it. For each JSON key, the report shows the form
/// in which its value would be stored, if any, and the privacy rule that applies.
package struct ExplanationReport: Sendable {
    private let explanation: EventExplanation

    /// Explains a line of JSON.
    /// - Parameter data: the data folder with the hash key and the settings; if `data` is nil, hashes are not shown.
    /// - Throws: `HashKeyError` when the key cannot be read.
    package init(_ line: String, strict: Bool, keyOf data: DataFolder?) throws(HashKeyError) {
        let key: HashKey? = if let data { try HashKey.existing(in: data) } else { nil }
        let naming = data.flatMap { try? SettingsFile($0).load() }?.naming ?? .none
        explanation = EventExplanation(line: Array(line.utf8), key: key, strict: strict, naming: naming)
    }

    /// The reason why the line cannot be explained; nil when the line is a JSON object.
    package var problem: String? { explanation.isObject ? nil : explanation.rejection?.message }

    package var text: String {
        var lines =
            explanation.rejection.map { ["Refused: \($0.message). Nothing of the line would be stored.", ""] }
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

    /// The report as JSON. The keys are stable.
    package var json: JSONValue {
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
}

/// The privacy rules.
package enum PrivacyRulesReport {
    package static var text: String {
        PrivacyRule.allCases.map { "\($0.rawValue)\n  \($0.effect)\n  because \($0.reason)\n" }.joined()
    }

    package static var json: JSONValue {
        .array(
            PrivacyRule.allCases.map { rule -> JSONValue in
                ["effect": .string(rule.effect), "reason": .string(rule.reason), "rule": .string(rule.rawValue)]
            })
    }
}
