extension String {
    /// The number of terminal columns of the text. A wide East Asian character or an emoji takes two columns, a
    /// combining mark takes no column.
    ///
    /// The text must be escaped with `escapedForDisplay`, so that no character moves the cursor.
    package var displayWidth: Int {
        // Most texts are ASCII. Each byte of such a text takes one column.
        utf8.allSatisfy { $0 < 0x80 } ? utf8.count : reduce(0) { $0 + $1.displayWidth }
    }

    /// Returns the text truncated to at most `columns` columns, with `mark` at its end if characters were removed. If
    /// `columns` is too small for `mark`, returns `columns` dots.
    package func truncated(toWidth columns: Int, mark: String) -> String {
        guard displayWidth > columns else { return self }
        var room = columns - mark.displayWidth
        guard room >= 0 else { return String(repeating: ".", count: max(0, columns)) }
        var result = ""
        for character in self {
            room -= character.displayWidth
            if room < 0 { break }
            result.append(character)
        }
        return result + mark
    }

    /// Returns the text padded with trailing spaces to `columns` columns.
    package func padded(toWidth columns: Int) -> String {
        self + String(repeating: " ", count: max(0, columns - displayWidth))
    }
}

extension Character {
    /// The number of terminal columns. A character may consist of several code points, for example a letter and its
    /// accents, or an emoji of several joined emoji. The character is as wide as its widest code point, or two columns
    /// wide if it is shown as an emoji.
    package var displayWidth: Int {
        var width = 0
        for scalar in unicodeScalars {
            // U+FE0F selects the emoji form of the preceding character.
            if scalar.value == 0xFE0F && width > 0 { return 2 }
            width = max(width, scalar.displayWidth)
        }
        return width
    }
}

extension Unicode.Scalar {
    fileprivate var displayWidth: Int {
        switch value {
        case 0x20..<0x7F: return 1
        case 0..<0x20, 0x7F..<0xA0: return 0
        // These are vowels and final consonants of Hangul. They are combined with the preceding character.
        case 0x1160...0x11FF, 0xD7B0...0xD7FB: return 0
        default: break
        }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        if properties.isEmojiPresentation { return 2 }
        return Self.isWide(value) ? 2 : 1
    }

    /// Returns whether the code point is Wide or Fullwidth by Unicode's EastAsianWidth.txt. The table omits emoji,
    /// because the standard library identifies them. Unassigned code points inside the listed blocks count as wide.
    private static func isWide(_ value: UInt32) -> Bool {
        switch value {
        case 0x1100...0x115F: true  // Hangul Jamo, first consonants
        case 0x2329...0x232A: true  // angle brackets
        case 0x2E80...0x303E: true  // CJK radicals, Kangxi, ideographic description and punctuation
        case 0x3041...0x33FF: true  // kana, Bopomofo, Hangul compatibility, enclosed and squared CJK
        case 0x3400...0x4DBF: true  // CJK extension A
        case 0x4E00...0xA4CF: true  // CJK unified ideographs, Yi
        case 0xA960...0xA97F: true  // Hangul Jamo extended A
        case 0xAC00...0xD7A3: true  // Hangul syllables
        case 0xF900...0xFAFF: true  // CJK compatibility ideographs
        case 0xFE10...0xFE19: true  // vertical forms
        case 0xFE30...0xFE6F: true  // CJK compatibility forms, small forms
        case 0xFF01...0xFF60: true  // fullwidth forms
        case 0xFFE0...0xFFE6: true  // fullwidth signs
        case 0x16FE0...0x18CFF: true  // Tangut, Khitan
        case 0x1AFF0...0x1B2FF: true  // kana supplement and extended, Nushu
        case 0x1F200...0x1F2FF: true  // enclosed ideographic supplement
        case 0x20000...0x3FFFD: true  // CJK extensions B and on
        default: false
        }
    }
}
