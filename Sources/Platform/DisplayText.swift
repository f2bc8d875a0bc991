extension String {
    /// The text with everything made visible that could move the cursor, colour the screen, hide or reorder what is
    /// read: control characters, escape sequences, line breaks and bidirectional overrides become `\u{…}`.
    ///
    /// Every string that came from outside passes here on its way to a terminal.
    package var escapedForDisplay: String {
        var result = ""
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            default:
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
