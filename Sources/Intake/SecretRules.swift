/// Finds what looks like a secret, by the rules of `PrivacyRules`.
///
/// They err on the side of refusing: a refused event is reported and can be sent again without the value, a
/// stored secret cannot be taken back. They look at one word, which is already known to be ASCII without blanks.
struct SecretRules: Sendable {
    /// Whether `word`, or what stands in it behind a `.`, `_`, `-` or `:`, begins as a known kind of token does and is
    /// long enough to be one.
    func hasToken(_ word: Span<UInt8>) -> Bool {
        if beginsWithToken(word) { return true }
        var index = 0
        while word.count - index > 12 {
            switch word[index] {
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: ":"):
                if beginsWithToken(word.extracting(index + 1..<word.count)) { return true }
            default: break
            }
            index &+= 1
        }
        return false
    }

    private func beginsWithToken(_ word: Span<UInt8>) -> Bool {
        guard word.count >= 12 else { return false }
        for kind in PrivacyRules.tokenKinds where word.isToken(of: kind) { return true }
        return false
    }

    /// Whether `word` is long and changes between letters and digits as random text does. Names, versions and dates
    /// keep them apart with `-`, `.` or `_`, or change once or twice.
    func isLongMixed(_ word: Span<UInt8>) -> Bool {
        guard word.count >= PrivacyRules.randomTextBytes else { return false }
        var changes = 0
        for index in 1..<word.count {
            let isDigit = word[index] &- UInt8(ascii: "0") <= 9
            let wasDigit = word[index - 1] &- UInt8(ascii: "0") <= 9
            let isLetter = (word[index] | 0x20) &- UInt8(ascii: "a") < 26
            let wasLetter = (word[index - 1] | 0x20) &- UInt8(ascii: "a") < 26
            if (isDigit && wasLetter) || (isLetter && wasDigit) { changes += 1 }
        }
        return changes >= PrivacyRules.randomTextChanges
    }
}

extension Span<UInt8> {
    fileprivate func isToken(of kind: PrivacyRules.TokenKind) -> Bool {
        let prefix = kind.prefix.utf8.span
        guard count >= Swift.max(kind.length, prefix.count) else { return false }
        for index in 0..<prefix.count where self[index] != prefix[index] { return false }
        return true
    }
}
