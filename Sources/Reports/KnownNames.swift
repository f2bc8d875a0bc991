import Core

/// How the hashes of names are shown to the owner.
package enum KnownNames {
    /// Digits of a hash that a terminal shows.
    package static let shownDigits = 8

    /// The first digits of a keyed hash; any other text as it is.
    static func short(_ name: String) -> String { isHash(name) ? String(name.prefix(shownDigits)) : name }

    /// Whether a text has the form of a keyed hash.
    static func isHash(_ text: String) -> Bool { text.utf8.count == Limits.hashCharacters && isHexadecimal(text) }

    private static func isHexadecimal(_ text: String) -> Bool {
        text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    /// Whether a text may be the beginning of a hash: at least four of its digits.
    package static func isPrefix(_ text: String) -> Bool {
        (4...Limits.hashCharacters).contains(text.utf8.count) && isHexadecimal(text)
    }
}
