/// The shells whose lines are parsed differently.
package enum ShellDialect: String, CaseIterable, Sendable {
    case bash, zsh, fish
}

/// Finds where quotes and brackets of a shell line end.
///
/// The open brackets are kept in a list instead of a recursion. Therefore nesting costs one byte per level and cannot
/// overflow the stack.
struct ShellScanner: Sendable {
    let bytes: [UInt8]
    let shell: ShellDialect

    private enum Open: UInt8 {
        case parenthesis, brace, doubleQuote, backquote, caseBlock
    }

    /// Returns the index after the end of the bracket or quote that opens at `start`. It can be a `(`, a `{` after `$`,
    /// a double quote or a backquote. If the bracket or quote is not closed, returns the end of the line.
    func end(ofBracketAt start: Int) -> Int {
        var open: [Open] = []
        var position = start
        var isWordStart = true
        repeat {
            guard position < bytes.count else { return bytes.count }
            let byte = bytes[position]
            switch (open.last, byte) {
            case (.backquote?, UInt8(ascii: "`")): open.removeLast()
            case (_, UInt8(ascii: "\\")): position += 1
            case (.backquote?, _): break
            case (.doubleQuote?, UInt8(ascii: "\"")): open.removeLast()
            case (_, UInt8(ascii: "\"")): open.append(.doubleQuote)
            case (_, UInt8(ascii: "`")) where shell != .fish: open.append(.backquote)
            case (_, UInt8(ascii: "$")) where at(position + 1) == UInt8(ascii: "(") && open.last != nil:
                open.append(.parenthesis)
                position += 1
            case (_, UInt8(ascii: "$")) where at(position + 1) == UInt8(ascii: "{") && open.last != nil:
                open.append(.brace)
                position += 1
            case (.doubleQuote?, _): break
            case (_, UInt8(ascii: "'")):
                let isEscaping = at(position - 1) == UInt8(ascii: "$") || shell == .fish
                position = endOfSingleQuote(at: position, escapes: isEscaping) - 1
            case (.brace?, UInt8(ascii: "}")): open.removeLast()
            case (nil, UInt8(ascii: "{")): open.append(.brace)
            case (.brace?, _): break
            case (_, UInt8(ascii: "#")) where isWordStart && open.last != nil:
                while at(position + 1) != nil, at(position + 1) != UInt8(ascii: "\n") { position += 1 }
            case (.caseBlock?, UInt8(ascii: "e")) where isWordStart && isWord("esac", at: position): open.removeLast()
            case (.caseBlock?, UInt8(ascii: ")")): break
            case (.parenthesis?, UInt8(ascii: "c")), (.caseBlock?, UInt8(ascii: "c")):
                if isWordStart, shell != .fish, isWord("case", at: position) { open.append(.caseBlock) }
            case (_, UInt8(ascii: "(")): open.append(.parenthesis)
            case (.parenthesis?, UInt8(ascii: ")")): open.removeLast()
            default: break
            }
            isWordStart = " \t\n;&|(".utf8.contains(byte)
            position += 1
        } while !open.isEmpty
        return min(position, bytes.count)
    }

    /// Returns the index after the single quote that closes the quote at `start`. `escapes` is true if a backslash
    /// escapes the next character, as in fish and in `$'…'`.
    func endOfSingleQuote(at start: Int, escapes: Bool) -> Int {
        var position = start + 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "'") {
            position += escapes && bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(position + 1, bytes.count)
    }

    /// Returns the byte at `index`; nil outside of the line.
    @inline(__always)
    func at(_ index: Int) -> UInt8? { index >= 0 && index < bytes.count ? bytes[index] : nil }

    /// Returns whether `word` is at `start` with no letter, digit or `_` after it.
    private func isWord(_ word: StaticString, at start: Int) -> Bool {
        let text = word.description.utf8
        guard start + text.count <= bytes.count, zip(text, bytes[start...]).allSatisfy({ $0 == $1 }) else {
            return false
        }
        guard let next = at(start + text.count) else { return true }
        return !ShellScanner.isNameByte(next)
    }

    /// Returns whether a byte can be in the name of a variable.
    @inline(__always)
    static func isNameByte(_ byte: UInt8) -> Bool {
        byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") || byte &- UInt8(ascii: "0") < 10
            || byte == UInt8(ascii: "_")
    }
}
