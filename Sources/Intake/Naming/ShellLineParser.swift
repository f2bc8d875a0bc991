import Core

/// Splits a shell line into its simple commands, as far as the naming rules need it. It parses the quotes, escapes,
/// here-documents, substitutions, comments, compound commands, functions, pipelines, assignments and redirections of
/// bash, zsh and fish. It expands nothing. Commands inside of a substitution or a function are not commands of the
/// line.
///
/// It accepts any bytes. The time is proportional to the length of the line. Apart from a copy of the line, the memory
/// is proportional to the depth of the brackets.
struct ShellLineParser: Sendable {
    /// A compound command that is open.
    struct Frame: Sendable {
        enum Kind: Sendable { case top, brace, subshell, block, caseBlock }
        let kind: Kind
        let isFunction: Bool
        let isAfterPipe: Bool
        let isInSubshell: Bool
        var pipelineIndex = 0
        /// The number of commands before the compound command.
        let firstCommand: Int
        /// The number of commands before the current element of the pipeline.
        var elementStart: Int
        var isNegated = false
        /// In a `case`, whether a pattern is next.
        var isPatternNext = false
    }

    var scanner: ShellScanner
    var position = 0
    var frames: [Frame]
    /// The commands, at most `Limits.shellLineCommands`.
    private(set) var commands: [ShellCommand] = []
    /// Whether there is a loop, a condition, an `||`, or more commands than are kept.
    var isComplex = false
    /// The number of elements of the last pipeline that is outside of all groups.
    private(set) var lastPipelineCount = 1
    /// The number of ended pipelines that are outside of all groups.
    private(set) var lastPipeline = 0
    /// The range of the text inside of the first command substitution in an assignment; nil if there is no such
    /// substitution.
    private(set) var assignedSubstitution: Range<Int>?
    /// The index of the current complete command. bash runs each line of a pasted block by itself.
    private(set) var part = 0

    // The current simple command.
    private(set) var words: [ShellWord] = []
    private var isStarted = false
    private var isInputRedirected = false
    private var isTargetNext = false
    var isHeader = false
    private var functionDepth = 0
    private(set) var isFunctionBodyNext = false
    private var isInsideTest = false
    /// Whether a group was just closed. An operator after the group belongs to the last command of the group.
    private(set) var isAfterGroup = false
    private var hasContent = false
    /// The operator that ended the last command.
    private var lastEnded = ShellOperator.sequence
    var isCoprocess = false
    private var hereDocuments: [(delimiter: [UInt8], stripsTabs: Bool)] = []
    private var arithmeticChecks = 0

    /// Parses the whole line. If `wantedPart` is not nil, keeps only the complete command with that index.
    init(_ line: some Sequence<UInt8>, shell: ShellDialect, wantedPart: Int? = nil) {
        scanner = ShellScanner(bytes: Array(line.prefix(Limits.lineBytes)), shell: shell)
        frames = [
            Frame(
                kind: .top, isFunction: false, isAfterPipe: false, isInSubshell: false, firstCommand: 0, elementStart: 0
            )
        ]
        while position < scanner.bytes.count {
            let before = part
            step()
            guard let wantedPart, part != before else { continue }
            if part > wantedPart { return }
            reset()
        }
        end(.sequence)
        if let wantedPart, part < wantedPart { reset() }
    }

    var shell: ShellDialect { scanner.shell }
    private var isAtCommandStart: Bool { words.isEmpty && !isTargetNext && !isHeader && !isInsideTest }

    private mutating func reset() {
        commands.removeAll()
        isComplex = false
        assignedSubstitution = nil
    }

    // MARK: Tokens

    private mutating func step() {
        let byte = scanner.bytes[position]
        let next = scanner.at(position + 1)
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
        case UInt8(ascii: "\\") where next == UInt8(ascii: "\n"): position += 2
        case UInt8(ascii: "#"):
            while position < scanner.bytes.count, scanner.bytes[position] != UInt8(ascii: "\n") { position += 1 }
        case UInt8(ascii: "\n"): endLine()
        case UInt8(ascii: ";"):
            var length = 1
            while scanner.at(position + length) == UInt8(ascii: ";")
                || scanner.at(position + length) == UInt8(ascii: "&"),
                length < 3
            {
                length += 1
            }
            position += length
            end(.sequence)
            if length > 1, frames.last?.kind == .caseBlock { frames[frames.count - 1].isPatternNext = true }
        case UInt8(ascii: "&"):
            if isInsideTest {
                position += 1
            } else if next == UInt8(ascii: "&") {
                position += 2
                end(.and)
            } else if next == UInt8(ascii: ">") {
                position += 1
                redirect()
            } else {
                position += shell == .zsh && (next == UInt8(ascii: "!") || next == UInt8(ascii: "|")) ? 2 : 1
                end(.background)
            }
        case UInt8(ascii: "|"):
            if isInsideTest || isPattern {
                position += 1
            } else if next == UInt8(ascii: "|") {
                position += 2
                end(.or)
            } else {
                position += next == UInt8(ascii: "&") ? 2 : 1
                end(.pipe)
            }
        case UInt8(ascii: "("): openParenthesis()
        case UInt8(ascii: ")"):
            position += 1
            if isPattern {
                frames[frames.count - 1].isPatternNext = false
                isHeader = false
            } else if !isInsideTest {
                close(.subshell)
            }
        case UInt8(ascii: "<"), UInt8(ascii: ">"):
            if isInsideTest {
                position += 1
            } else if next == UInt8(ascii: "("), shell != .fish {
                takeWord()
            } else {
                redirect()
            }
        default: takeWord()
        }
    }

    private var isPattern: Bool { frames.last?.isPatternNext == true }

    private mutating func endLine() {
        position += 1
        end(.sequence)
        skipHereDocuments()
        if frames.count == 1, !isFunctionBodyNext, hasContent, lastEnded == .sequence || lastEnded == .background {
            part += 1
            hasContent = false
        }
    }

    private mutating func skipHereDocuments() {
        for document in hereDocuments {
            while position < scanner.bytes.count {
                let end = scanner.bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? scanner.bytes.count
                var line = scanner.bytes[position..<end]
                if document.stripsTabs { line = line.drop { $0 == UInt8(ascii: "\t") } }
                position = min(end + 1, scanner.bytes.count)
                if line.elementsEqual(document.delimiter) { break }
            }
        }
        hereDocuments.removeAll()
    }

    // MARK: The ends of commands

    /// Ends the current simple command at the operator `operation`.
    mutating func end(_ operation: ShellOperator) {
        guard isStarted || isAfterGroup || operation != .sequence else {
            isHeader = false
            return
        }
        let next = isCoprocess && operation == .sequence ? .background : operation
        isCoprocess = false
        finishCommand(next)
        lastEnded = next
        isAfterGroup = false
        if next == .or, functionDepth == 0 { isComplex = true }
        let top = frames.count - 1
        if next == .pipe {
            if top > 0 {
                for index in frames[top].elementStart..<max(commands.count, frames[top].elementStart) {
                    commands[index].isStatusHidden = true
                }
            }
            frames[top].pipelineIndex += 1
        } else {
            if top == 0 {
                lastPipelineCount = frames[0].pipelineIndex + 1
                lastPipeline += 1
            }
            frames[top].pipelineIndex = 0
            frames[top].isNegated = false
        }
        frames[top].elementStart = commands.count
    }

    private mutating func finishCommand(_ next: ShellOperator) {
        defer {
            words.removeAll()
            isStarted = false
            isInputRedirected = false
            isTargetNext = false
            isHeader = false
            isInsideTest = false
        }
        if isAfterGroup, !commands.isEmpty, functionDepth == 0 { commands[commands.count - 1].next = next }
        if isFunctionBodyNext, !words.isEmpty {
            // zsh allows a simple command as a function's body.
            isFunctionBodyNext = false
            return
        }
        guard !words.isEmpty, functionDepth == 0 else { return }
        guard commands.count < Limits.shellLineCommands else {
            isComplex = true
            return
        }
        let frame = frames[frames.count - 1]
        commands.append(
            ShellCommand(
                words: words, next: next, isAfterPipe: frame.isAfterPipe || frame.pipelineIndex > 0,
                pipeline: lastPipeline, pipelineIndex: frames[0].pipelineIndex, isInSubshell: frame.isInSubshell,
                isNegated: frame.isNegated, isInputRedirected: isInputRedirected))
    }

    /// Sets the operator between the last command and the next command, for `and` in fish.
    mutating func joinLast(_ next: ShellOperator) {
        if !commands.isEmpty, functionDepth == 0 { commands[commands.count - 1].next = next }
    }

    /// Inverts the status of the current pipeline.
    mutating func negate() { frames[frames.count - 1].isNegated.toggle() }

    // MARK: Compound commands

    mutating func open(_ kind: Frame.Kind) {
        let frame = frames[frames.count - 1]
        let isFunction = isFunctionBodyNext
        isFunctionBodyNext = false
        if isFunction { functionDepth += 1 }
        if kind == .block || kind == .caseBlock, functionDepth == 0 { isComplex = true }
        hasContent = true
        frames.append(
            Frame(
                kind: kind, isFunction: isFunction, isAfterPipe: frame.isAfterPipe || frame.pipelineIndex > 0,
                isInSubshell: frame.isInSubshell || kind == .subshell, firstCommand: commands.count,
                elementStart: commands.count, isNegated: frame.isNegated))
    }

    /// Closes the innermost compound command if it is of this kind. Otherwise the closing token is a plain character or
    /// a syntax error.
    mutating func close(_ kind: Frame.Kind) {
        end(.sequence)
        guard let frame = frames.last, frames.count > 1, frame.kind == kind else { return }
        frames.removeLast()
        if frame.isFunction {
            functionDepth -= 1
            isStarted = true
        } else {
            isStarted = true
            isAfterGroup = functionDepth == 0 && commands.count > frame.firstCommand
        }
    }

    private mutating func openParenthesis() {
        if isPattern, isAtCommandStart || isHeader {
            position += 1
        } else if isInsideTest {
            position += 1
        } else if isHeader {
            // The brackets contain the words of a loop in zsh, or the arithmetic of a loop. A command may follow the
            // words.
            position = scanner.end(ofBracketAt: position)
            if shell == .zsh, scanner.at(position - 2) != UInt8(ascii: ")") { isHeader = false }
        } else if words.count == 1, isFunctionAhead {
            position = scanner.end(ofBracketAt: position)
            beginFunction()
        } else if !isAtCommandStart || shell == .fish {
            takeWord()
        } else if shell == .zsh, isFunctionAhead {
            // An anonymous function, which the shell runs immediately.
            position = scanner.end(ofBracketAt: position)
        } else if let end = endOfArithmetic() {
            position = end
            add(ShellWord("(("))
        } else {
            position += 1
            open(.subshell)
        }
    }

    /// Whether `()` is next, with or without blanks between the brackets. Always false in fish.
    var isFunctionAhead: Bool { scanner.hasEmptyBrackets(at: position) }

    /// Treats the next command as the body of a function. The body is a compound command, or in zsh also a simple
    /// command.
    mutating func beginFunction() {
        words.removeAll()
        isStarted = true
        isFunctionBodyNext = true
        hasContent = true
    }

    /// Returns the end of the `((…))` at the position. Nil if there is no such text, or if the brackets are a subshell
    /// in a subshell.
    private mutating func endOfArithmetic() -> Int? {
        guard scanner.at(position + 1) == UInt8(ascii: "("), arithmeticChecks < Limits.shellArithmeticChecks else {
            return nil
        }
        arithmeticChecks += 1
        let inner = scanner.end(ofBracketAt: position + 1)
        // An unclosed `((` is not arithmetic; later `((` of the line are not checked.
        if inner == scanner.bytes.count { arithmeticChecks = Limits.shellArithmeticChecks }
        guard inner < scanner.bytes.count, scanner.bytes[inner] == UInt8(ascii: ")"),
            scanner.bytes[inner - 1] == UInt8(ascii: ")")
        else { return nil }
        return inner + 1
    }

    // MARK: Redirections

    private mutating func redirect() {
        isStarted = true
        hasContent = true
        let start = position
        let isInput = scanner.bytes[position] == UInt8(ascii: "<")
        while let byte = scanner.at(position), byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">"),
            position < start + 3
        {
            if position > start, scanner.at(position + 1) == UInt8(ascii: "("), shell != .fish { break }
            position += 1
        }
        if isInput {
            isInputRedirected = true
            if position == start + 2, scanner.bytes[start + 1] == UInt8(ascii: "<"), shell != .fish {
                return takeHereDocument()
            }
        }
        if let byte = scanner.at(position),
            byte == UInt8(ascii: "&") || byte == UInt8(ascii: "|") || byte == UInt8(ascii: "?")
        {
            position += 1
        }
        isTargetNext = true
    }

    private mutating func takeHereDocument() {
        let stripsTabs = scanner.at(position) == UInt8(ascii: "-")
        if stripsTabs { position += 1 }
        while let byte = scanner.at(position), byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { position += 1 }
        let word = scanWord()
        if hereDocuments.count < Limits.shellHereDocuments {
            hereDocuments.append((Array(word.text.utf8), stripsTabs))
        }
    }

    // MARK: Words

    private mutating func takeWord() {
        let start = position
        let word = scanWord()
        if position == start { position += 1 }
        hasContent = true
        if isTargetNext {
            isTargetNext = false
            return
        }
        // A number, or a name in braces, directly before a redirection is a descriptor and not an argument.
        if let byte = scanner.at(position), byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">"), word.isLiteral,
            word.text.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 })
                || (word.text.utf8.first == UInt8(ascii: "{") && word.text.utf8.last == UInt8(ascii: "}"))
        {
            return
        }
        if isInsideTest {
            if word.text == "]]" { isInsideTest = false }
            return
        }
        if isPattern {
            if word.isLiteral, word.text == "esac" {
                frames[frames.count - 1].isPatternNext = false
                close(.caseBlock)
            }
            return
        }
        if isHeader { return takeHeaderWord(word) }
        guard words.isEmpty else {
            // zsh needs no semicolon before the `}`.
            if shell == .zsh, word.isLiteral, word.text == "}", frames.last?.kind == .brace { return close(.brace) }
            return add(word)
        }
        if word.isLiteral, takeKeyword(word.text) { return }
        if scanner.isAssignment(start..<position) {
            isStarted = true
            if assignedSubstitution == nil { assignedSubstitution = scanner.substitution(in: start..<position) }
            return
        }
        add(word)
    }

    mutating func add(_ word: ShellWord) {
        isStarted = true
        hasContent = true
        if words.isEmpty, word.isLiteral, word.text == "[[", shell != .fish { isInsideTest = true }
        if words.count < Limits.shellCommandWords { words.append(word) }
    }

    /// Scans the word at `position`, and moves `position` to the end of the word.
    mutating func scanWord() -> ShellWord { scanner.word(at: &position, isCommandName: words.isEmpty) }
}
