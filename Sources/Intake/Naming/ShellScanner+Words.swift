import Core

/// Words of a shell line.
extension ShellScanner {
    /// Returns whether the word at `range` sets a variable: `NAME=`, `NAME+=` or `NAME[…]=`.
    func isAssignment(_ range: Range<Int>) -> Bool {
        var index = range.lowerBound
        guard Self.isNameByte(bytes[index]), bytes[index] &- UInt8(ascii: "0") >= 10 else {
            return false
        }
        while index < range.upperBound, Self.isNameByte(bytes[index]) { index += 1 }
        if index < range.upperBound, bytes[index] == UInt8(ascii: "["), shell != .fish {
            guard let close = bytes[index..<range.upperBound].firstIndex(of: UInt8(ascii: "]")) else {
                return false
            }
            index = close + 1
        }
        if index < range.upperBound, bytes[index] == UInt8(ascii: "+") { index += 1 }
        return index < range.upperBound && bytes[index] == UInt8(ascii: "=")
    }

    /// Returns the range of the text inside of the first `$(…)` or backquotes of a word; nil if the word has neither.
    func substitution(in range: Range<Int>) -> Range<Int>? {
        for index in range {
            let byte = bytes[index]
            let isDollar =
                byte == UInt8(ascii: "$") && at(index + 1) == UInt8(ascii: "(")
                && at(index + 2) != UInt8(ascii: "(")
            guard isDollar || (byte == UInt8(ascii: "`") && shell != .fish) else { continue }
            let start = isDollar ? index + 2 : index + 1
            let end = self.end(ofBracketAt: start - 1) - 1
            return start..<max(start, min(end, range.upperBound))
        }
        return nil
    }

    /// Returns the word at `position`, and moves `position` to the end of the word.
    /// - Parameter isCommandName: whether the word is the first of its command. The `()` of a function may follow it.
    func word(at position: inout Int, isCommandName: Bool) -> ShellWord {
        var text: [UInt8] = []
        var isLiteral = true
        var isDynamic = false
        func keep(_ byte: UInt8) { if text.count < Limits.shellWordBytes { text.append(byte) } }
        let start = position
        scan: while position < bytes.count {
            let byte = bytes[position]
            let next = at(position + 1)
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: ";"),
                UInt8(ascii: "|"):
                break scan
            case UInt8(ascii: ")"):
                break scan
            case UInt8(ascii: "&"):
                // In fish an ampersand inside of a word is a character.
                guard shell == .fish, position > start, let next, !" \t\n;|&>".utf8.contains(next) else { break scan }
                keep(byte)
                position += 1
            case UInt8(ascii: "<"), UInt8(ascii: ">"):
                guard next == UInt8(ascii: "("), shell != .fish else { break scan }
                (isLiteral, isDynamic) = (false, true)
                position = end(ofBracketAt: position + 1)
            case UInt8(ascii: "("):
                guard position == start || shell != .bash || canOpenList(position) else { break scan }
                if isCommandName, position > start, !text.isEmpty, hasEmptyBrackets(at: position) { break scan }
                (isLiteral, isDynamic) = (false, true)
                position = end(ofBracketAt: position)
            case UInt8(ascii: "\\"):
                isLiteral = false
                if let next, next != UInt8(ascii: "\n") { keep(next) }
                position += 2
            case UInt8(ascii: "'"):
                isLiteral = false
                let end = endOfSingleQuote(at: position, escapes: shell == .fish)
                for index in (position + 1)..<max(position + 1, end - 1) { keep(bytes[index]) }
                position = end
            case UInt8(ascii: "\""):
                isLiteral = false
                let end = end(ofBracketAt: position)
                for index in (position + 1)..<max(position + 1, end - 1) {
                    let inner = bytes[index]
                    if inner == UInt8(ascii: "$") || inner == UInt8(ascii: "`") { isDynamic = true }
                    if inner != UInt8(ascii: "\\") { keep(inner) }
                }
                position = end
            case UInt8(ascii: "`") where shell != .fish:
                (isLiteral, isDynamic) = (false, true)
                position = end(ofBracketAt: position)
            case UInt8(ascii: "$"):
                isLiteral = false
                position += 1
                switch next {
                case UInt8(ascii: "("), UInt8(ascii: "{"):
                    isDynamic = true
                    position = end(ofBracketAt: position)
                case UInt8(ascii: "'") where shell != .fish:
                    isDynamic = true
                    position = endOfSingleQuote(at: position, escapes: true)
                case UInt8(ascii: "\""): break
                default: isDynamic = true
                }
            default:
                keep(byte)
                position += 1
            }
        }
        position = min(position, bytes.count)
        return ShellWord(String(decoding: text, as: UTF8.self), isLiteral: isLiteral, isDynamic: isDynamic)
    }

    /// Returns whether a `(` at `index` belongs to the word: it begins the value of an array, or a pattern.
    private func canOpenList(_ index: Int) -> Bool {
        guard let before = at(index - 1) else { return false }
        return "=?*+@!".utf8.contains(before)
    }

    /// Returns whether `()` is at `start`, with or without blanks between the brackets. Always false in fish.
    func hasEmptyBrackets(at start: Int) -> Bool {
        var index = start + 1
        while let byte = at(index), byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { index += 1 }
        return at(index) == UInt8(ascii: ")") && shell != .fish
    }
}
