/// The result of one check of `nexus doctor`, with a suggestion.
package struct CheckResult: Equatable, Sendable {
    package enum State: String, Sendable {
        /// The check found no problem.
        case ok = "fine"
        /// Nothing is broken, but the user should know.
        case note
        /// A part is broken, or other users have access to it.
        case error = "wrong"
    }

    /// The subject of the check, in one or two words.
    package let check: String
    package let state: State
    /// The finding, in one sentence without a full stop. Invisible characters in untrusted parts, such as file names,
    /// are already escaped.
    package let text: String
    /// The suggested fix; nil if no action is needed.
    package let suggestion: String?

    package static func ok(_ check: String, _ text: String) -> CheckResult {
        CheckResult(check: check, state: .ok, text: text, suggestion: nil)
    }

    package static func note(_ check: String, _ text: String, suggestion: String) -> CheckResult {
        CheckResult(check: check, state: .note, text: text, suggestion: suggestion)
    }

    package static func error(_ check: String, _ text: String, suggestion: String) -> CheckResult {
        CheckResult(check: check, state: .error, text: text, suggestion: suggestion)
    }
}
