/// Measures how much of a word looks like random text. Keys and tokens of services look like random text.
///
/// A word is split at `.`, `_`, `-` and `:`. A part is random when it has too many pairs of neighbouring characters
/// that are unusual in ordinary names. Unusual pairs are a letter next to a digit, an upper-case letter after a
/// lower-case letter, or a rare pair of letters. Rare means rare in the names of packages, images, branches, targets
/// and pods.
enum RandomText {
    /// Returns the number of bytes in the parts of `word` that look random.
    static func byteCount(in word: Span<UInt8>) -> Int {
        var total = 0
        var start = 0
        for index in 0...word.count {
            if index < word.count, isDigit(word[index]) || isLetter(word[index]) { continue }
            if index - start >= PrivacyRules.randomPartBytes, isRandom(word.extracting(start..<index)) {
                total += index - start
            }
            start = index + 1
        }
        return total
    }

    /// Returns whether `word` contains a UUID: 8, 4, 4, 4 and 12 hexadecimal digits, separated by hyphens.
    static func hasUUID(_ word: Span<UInt8>) -> Bool {
        var start = 0
        while start + 36 <= word.count {
            if isUUID(word.extracting(start..<start + 36)) { return true }
            start += 1
        }
        return false
    }

    private static func isUUID(_ text: Span<UInt8>) -> Bool {
        for index in 0..<text.count {
            switch index {
            case 8, 13, 18, 23: if text[index] != UInt8(ascii: "-") { return false }
            default: if !isHexadecimal(text[index]) { return false }
            }
        }
        return true
    }

    /// Returns whether `part`, which consists of letters and digits, looks random.
    private static func isRandom(_ part: Span<UInt8>) -> Bool {
        var changes = 0
        var rarePairs = 0
        var isHexadecimal = isHexadecimal(part[0])
        for index in 1..<part.count {
            let (left, right) = (part[index - 1], part[index])
            isHexadecimal = isHexadecimal && Self.isHexadecimal(right)
            if isDigit(left) != isDigit(right) {
                changes += 1
            } else if isLetter(left), isRare(left, right) {
                rarePairs += 1
            }
        }
        if (changes + rarePairs) * 100 >= (part.count - 1) * PrivacyRules.randomTextPercent { return true }
        // In hexadecimal text, many pairs consist of two decimal digits, or of two letters that are common in words.
        // Therefore only changes between letters and digits count here.
        return isHexadecimal && part.count >= PrivacyRules.randomTextBytes
            && changes >= PrivacyRules.hexadecimalTextChanges
    }

    private static func isRare(_ left: UInt8, _ right: UInt8) -> Bool {
        let (isLeftUpper, isRightUpper) = (left & 0x20 == 0, right & 0x20 == 0)
        // A repeated letter is more frequent in names than in tokens, so it is not rare.
        if left == right { return false }
        // An upper-case letter after a lower-case letter is rare, because `camelCase` has such a pair only between two
        // words. A lower-case letter after an upper-case letter is not rare.
        if isLeftUpper != isRightUpper { return isRightUpper }
        let row = commonPairs[Int((left | 0x20) &- UInt8(ascii: "a"))]
        return row & 1 << UInt32((right | 0x20) &- UInt8(ascii: "a")) == 0
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }
    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20) &- UInt8(ascii: "a") < 6
    }

    /// The number of pairs of letters that count as common. They make up 94 % of the pairs in ordinary words, and 44 %
    /// of all possible pairs.
    static let commonPairCount = 300

    /// For each letter, a bit mask of the letters that commonly follow it, with `a` in the lowest bit. The masks hold
    /// the most frequent pairs in `Fixtures/Secrets/words-tuning.txt`. `SecretRateTests` counts the pairs in that file
    /// and compares the result.
    static let commonPairs: [26 of UInt32] = [
        0x17EBD6E, 0x016CF5F, 0x01ECD9F, 0x01E4D3B, 0x1EFF97F, 0x1024939, 0x016E995, 0x018C115, 0x2AEF87F, 0x0040011,
        0x0140119, 0x11CC91D, 0x110D91F, 0x0BCE57F, 0x0FEFD6F, 0x11ED995, 0x0180800, 0x13EDD7D, 0x11DDDB5, 0x11ED9BD,
        0x08EB97A, 0x0000111, 0x0064111, 0x1088000, 0x00CB801, 0x0000010,
    ]
}
