/// What one check of `nexus doctor` has found, and what to do about it.
package struct CheckResult: Equatable, Sendable {
    package enum State: String, Sendable {
        /// All is as it should be.
        case ok = "fine"
        /// Nothing is broken, but somebody should know.
        case note
        /// Something is broken or open to others.
        case error = "wrong"
    }

    /// What was looked at: one word or two.
    package let check: String
    package let state: State
    /// What was found, in one sentence without a full stop. Text from outside is made visible already.
    package let text: String
    /// What to do; nil where nothing is to be done.
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
