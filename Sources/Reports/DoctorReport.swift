package import Core

/// The results of `nexus doctor`: a line for each check, followed by its suggestion.
package struct DoctorReport: Sendable {
    private let results: [CheckResult]

    package init(_ results: [CheckResult]) {
        self.results = results
    }

    /// Whether no check has the state `error`. Checks with the state `note` do not count as errors.
    package var isOK: Bool { !results.contains { $0.state == .error } }

    package var text: String {
        results.map { result in
            let line = pad(result.state.rawValue, 7) + pad(label(of: result), 10) + result.text + "\n"
            return line + (result.suggestion.map { pad("", 17) + "→ " + $0 + "\n" } ?? "")
        }.joined()
    }

    /// Returns the name of a check for the text report. The JSON report keeps the names that its first version had.
    private func label(of result: CheckResult) -> String {
        switch result.check {
        case "books": "counters"
        case "log": "WAL"
        default: result.check
        }
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// The results as JSON.
    package var json: JSONValue {
        let checks = results.map { result -> JSONValue in
            let check: JSONValue = [
                "advice": .string(result.suggestion), "check": .string(result.check),
                "state": .string(result.state.rawValue), "text": .string(result.text),
            ]
            return check.withoutNulls
        }
        return ["checks": .array(checks), "fine": .bool(isOK), "schema": .integer(1)]
    }
}
