/// Finds words that look like a secret, by the rules of `PrivacyRules`. A word is ASCII without blanks.
struct SecretRules: Sendable {
    /// Returns whether `word` begins like a known token and has at least the minimum length of that token. Each part of
    /// `word` that follows a `.`, `_`, `-` or `:` is checked too.
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

    /// Returns whether `word` looks like a secret.
    func isSecret(_ word: Span<UInt8>) -> Bool { hasToken(word) || isRandom(word) }

    /// Returns whether enough of `word` looks like random text, or whether `word` contains a UUID.
    private func isRandom(_ word: Span<UInt8>) -> Bool {
        guard word.count >= PrivacyRules.randomTextBytes else { return false }
        return RandomText.byteCount(in: word) >= PrivacyRules.randomTextBytes || RandomText.hasUUID(word)
    }
}

extension Span<UInt8> {
    fileprivate func isToken(of kind: PrivacyRules.TokenKind) -> Bool {
        let prefix = kind.prefix.utf8.span
        guard count >= Swift.max(kind.length, prefix.count) else { return false }
        for index in 0..<prefix.count where self[index] != prefix[index] { return false }
        return !kind.needsRandomBody
            || RandomText.byteCount(in: extracting(prefix.count..<count)) >= PrivacyRules.randomBodyBytes
    }
}
