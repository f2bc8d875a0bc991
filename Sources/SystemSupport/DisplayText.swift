extension String {
    /// The text, with each character escaped that could move the cursor, colour the screen, or hide or reorder text.
    /// Control characters, escape sequences, line breaks and bidirectional overrides become `\u{…}`.
    ///
    /// Every string from outside is escaped this way before it is printed to a terminal.
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
    /// Whether a terminal displays nothing for this character, or changes the cursor, the colour or the text order.
    package var isInvisible: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}

extension Int {
    /// Returns the number with a noun in its grammatical number: `1 event`, `2 events`.
    ///
    /// - Parameter plural: the noun for any other number than 1; by default with an `s`.
    package func counted(_ noun: String, plural: String? = nil) -> String {
        "\(self) \(self == 1 ? noun : plural ?? noun + "s")"
    }
}
