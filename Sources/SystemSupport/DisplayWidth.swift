extension String {
    /// How many columns of a terminal the text takes: what is wide in East Asia and emoji take two, marks that combine
    /// with what stands before them none.
    ///
    /// It is meant for text that passed `escapedForDisplay`, which leaves nothing that moves the cursor.
    package var displayWidth: Int {
        // Most text is ASCII, where a byte is a column.
        utf8.allSatisfy { $0 < 0x80 } ? utf8.count : reduce(0) { $0 + $1.displayWidth }
    }

    /// The text cut to at most `columns` columns; what was cut is said by `mark` at the end.
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

    /// The text with blanks behind it up to `columns` columns.
    package func padded(toWidth columns: Int) -> String {
        self + String(repeating: " ", count: max(0, columns - displayWidth))
    }
}

extension Character {
    /// Columns of a terminal. A character may be several code points (a letter and its accents, an emoji joined from
    /// others), and is as wide as its widest, or two when it is shown as an emoji.
    package var displayWidth: Int {
        var width = 0
        for scalar in unicodeScalars {
            // U+FE0F asks for the emoji form of what stands before it.
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
        // Vowels and final consonants of Hangul that stand under what comes before them.
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

    /// Whether the code point is Wide or Fullwidth by Unicode's EastAsianWidth.txt. Emoji, of which the standard library
    /// knows, are not in this table, and unassigned places inside its blocks count with them.
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
