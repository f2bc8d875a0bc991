/// What ClickHouse's own error codes mean for somebody who sends to it.
enum ClickHouseFault {
    /// Codes after which another attempt may go better: too many queries or parts at the moment, a network or a Keeper
    /// that fails, memory or disk space that others use.
    private static let passing: Set<Int> = [
        3, 159, 160, 164, 202, 203, 209, 210, 225, 236, 241, 242, 243, 244, 252, 254, 279, 285, 286, 289, 319, 369, 394,
        425, 999,
    ]
    /// Codes that say that the user is unknown, the password wrong, or the right missing.
    private static let notPermitted: Set<Int> = [192, 193, 194, 195, 291, 497, 516]

    /// The code at the beginning of a message like `Code: 60, e.displayText() = …`; nil when it is no such message.
    static func code(in text: String) -> Int? {
        guard text.hasPrefix("Code: ") else { return nil }
        return Int(text.dropFirst(6).prefix { $0.isASCII && $0.isNumber })
    }

    static func failure(_ code: Int, place: String, reason: String) -> RetryPolicy.Failure {
        if passing.contains(code) { return .passing(.busy(place, reason: reason)) }
        if notPermitted.contains(code) { return .lasting(.notPermitted(place, reason: reason)) }
        return .lasting(.refused(place, reason: reason))
    }
}
