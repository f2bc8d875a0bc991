extension String {
    /// The text with escapes for all characters that could move the cursor, colour the screen, or hide or reorder text.
    /// Control characters, escape sequences, line breaks and bidirectional overrides become `\u{…}`.
    ///
    /// Nexus escapes every string from outside in this way before it prints the string to a terminal.
    package var escapedForDisplay: String {
        var result = ""
        for scalar in unicodeScalars {
            if scalar.isInvisible {
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension Unicode.Scalar {
    /// Whether this character is invisible in a terminal, or changes the cursor, the colour or the text order there.
    /// Private-use and unassigned characters count as invisible, because their appearance is undefined.
    package var isInvisible: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}

extension Int {
    /// Returns the number and the noun in singular or plural: `1 event`, `2 events`.
    ///
    /// - Parameter plural: the plural of the noun; nil if the plural is the noun with an `s`.
    package func counted(_ noun: String, plural: String? = nil) -> String {
        "\(self) \(self == 1 ? noun : plural ?? noun + "s")"
    }
}
