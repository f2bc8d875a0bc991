extension String {
    /// The text with everything made visible that could move the cursor, colour the screen, hide or reorder what is
    /// read: control characters, escape sequences, line breaks and bidirectional overrides become `\u{…}`.
    ///
    /// Every string that came from outside passes here on its way to a terminal.
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
    /// Whether a terminal shows nothing for it, or is moved, coloured or reordered by it.
    package var isInvisible: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}

extension Int {
    /// The number with a noun in the number that goes with it: `1 event`, `2 events`.
    ///
    /// - Parameter plural: the noun for any other number than 1; by default with an `s`.
    package func counted(_ noun: String, plural: String? = nil) -> String {
        "\(self) \(self == 1 ? noun : plural ?? noun + "s")"
    }
}
