/// What one check of `nexus doctor` has found, and what to do about it.
package struct CheckResult: Equatable, Sendable {
    package enum State: String, Sendable {
        /// All is as it should be.
        case fine
        /// Nothing is broken, but somebody should know.
        case note
        /// Something is broken or open to others.
        case wrong
    }

    /// What was looked at: one word or two.
    package let check: String
    package let state: State
    /// What was found, in one sentence without a full stop. Text from outside is made visible already.
    package let text: String
    /// What to do; nil where nothing is to be done.
    package let advice: String?

    package static func fine(_ check: String, _ text: String) -> CheckResult {
        CheckResult(check: check, state: .fine, text: text, advice: nil)
    }

    package static func note(_ check: String, _ text: String, advice: String) -> CheckResult {
        CheckResult(check: check, state: .note, text: text, advice: advice)
    }

    package static func wrong(_ check: String, _ text: String, advice: String) -> CheckResult {
        CheckResult(check: check, state: .wrong, text: text, advice: advice)
    }
}
