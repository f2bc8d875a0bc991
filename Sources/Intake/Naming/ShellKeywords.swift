/// Parses the reserved words of the shells. A word is reserved only where a command may begin.
extension ShellLineParser {
    /// Takes a word at the beginning of a command if the word is reserved there. Returns false for a word that belongs
    /// to the command.
    mutating func takeKeyword(_ word: String) -> Bool {
        switch word {
        case "!":
            negate()
            return true
        case "{":
            open(.brace)
            return true
        case "}":
            close(.brace)
            return true
        case "time" where isCompoundAhead:
            return true
        default:
            return shell == .fish ? takeFishKeyword(word) : takePOSIXKeyword(word)
        }
    }

    private mutating func takePOSIXKeyword(_ word: String) -> Bool {
        switch word {
        case "then", "else", "elif", "do": break
        case "if", "while", "until": open(.block)
        case "for", "select":
            open(.block)
            isHeader = true
        case "foreach" where shell == .zsh:
            open(.block)
            isHeader = true
        case "repeat" where shell == .zsh:
            open(.block)
            skipBlanks()
            _ = scanWord()
        case "end" where shell == .zsh: close(.block)
        case "fi", "done": close(.block)
        case "case":
            open(.caseBlock)
            isHeader = true
        case "in" where frames.last?.kind == .caseBlock: frames[frames.count - 1].isPatternNext = true
        case "esac": close(.caseBlock)
        case "function":
            skipBlanks()
            _ = scanWord()
            skipBlanks()
            if scanner.at(position) == UInt8(ascii: "("), isFunctionAhead {
                position = scanner.end(ofBracketAt: position)
            }
            beginFunction()
        case "coproc": isCoprocess = true
        case "always" where shell == .zsh && isAfterGroup: break
        default: return false
        }
        return true
    }

    private mutating func takeFishKeyword(_ word: String) -> Bool {
        switch word {
        case "begin": open(.brace)
        case "if", "while": open(.block)
        case "for", "switch":
            open(.block)
            isHeader = true
        case "case": isHeader = true
        case "else":
            skipBlanks()
            let start = position
            if scanWord().text != "if" { position = start }
        case "end":
            if let kind = frames.last?.kind, kind == .brace || kind == .block { close(kind) }
        case "function":
            beginFunction()
            open(.block)
            isHeader = true
        case "and": joinLast(.and)
        case "or": isComplex = true
        case "not": negate()
        default: return false
        }
        return true
    }

    /// Takes a word between a keyword such as `for` or `case` and the body of the compound command.
    mutating func takeHeaderWord(_ word: ShellWord) {
        guard word.isLiteral, let frame = frames.last else { return }
        switch (frame.kind, word.text) {
        case (.caseBlock, "in"):
            isHeader = false
            frames[frames.count - 1].isPatternNext = true
        case (.block, "do") where shell != .fish: isHeader = false
        case (.block, "{") where shell == .zsh:
            isHeader = false
            open(.brace)
        default: break
        }
    }

    private mutating func skipBlanks() {
        while let byte = scanner.at(position), byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { position += 1 }
    }

    /// Whether a compound command or a negation is next. Before any other command `time` is not a keyword but a
    /// wrapper.
    private var isCompoundAhead: Bool {
        var index = position
        while let byte = scanner.at(index), byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { index += 1 }
        var word: [UInt8] = []
        while let byte = scanner.at(index), word.count < 8, !" \t\n;".utf8.contains(byte) {
            word.append(byte)
            index += 1
        }
        if word.first == UInt8(ascii: "(") { return true }
        return ["{", "!", "if", "for", "while", "until", "case", "select", "[[", "begin", "not"].contains {
            word.elementsEqual($0.utf8)
        }
    }
}
