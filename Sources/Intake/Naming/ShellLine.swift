package import Core

/// The meaning of a shell line as an event, before its result is known.
///
/// All lines are named here: the hooks, `exec`, `record --line`, streams, the Swift API and importers use this type.
/// `event(_:)` adds the outcome.
package struct ShellLine: Equatable, Sendable {
    /// The kind of event.
    package enum Kind: Equatable, Sendable {
        /// The line runs no command: it is empty, a comment, an assignment, or defines a function.
        case nothing
        /// One command.
        case command
        /// Several commands, a loop or a condition.
        case commandLine
    }

    package private(set) var kind = Kind.nothing
    /// The command that names the event: the first command that is neither a filter nor a trivial command before `;` or
    /// `&&`. A line of only trivial commands and filters has the name of its first command, unless a pipeline has three
    /// or more elements.
    package private(set) var command = NamedCommand(name: "")
    /// The number of elements of the command's pipeline if it is the last pipeline of the line; otherwise 1.
    private(set) var pipelineCount = 1
    /// The index of the element with the command.
    private(set) var pipelineIndex = 0
    /// Whether the status of the command is also the status of its element in the line's last pipeline. Always true for
    /// a trivial command, which gets the status of the line if it is not in the last pipeline.
    private(set) var hasOwnStatus = true
    private(set) var isNegated = false
    private(set) var isInBackground = false
    /// Whether a command of the line runs as long as the user reads or types.
    private(set) var hasInteraction = false
    /// The program that changes the folder before the command, such as `cd` in `cd repo && make`. If it failed, the
    /// command did not run. Nil if the line has no such program.
    private(set) var folderChange: String?
    /// Whether `folderChange` ran in a subshell. Then the shell itself stays in its folder.
    private(set) var folderChangeIsHidden = false

    /// Parses a line. If `part` is not nil, it parses only the complete command with that index, because bash runs each
    /// line of a pasted block by itself. `naming` holds the naming rules of the user's settings.
    package init(
        _ line: some Sequence<UInt8>, shell: ShellDialect = .bash, part: Int? = nil, naming: NamingSettings = .none
    ) {
        let parser = ShellLineParser(line, shell: shell, wantedPart: part)
        take(parser, naming)
        guard kind == .nothing, let range = parser.assignedSubstitution else { return }
        // In a line of only assignments, such as `x=$(make)`, the commands of the substitution take the time. Therefore
        // the first of these commands is the name.
        let inner = ShellLineParser(parser.scanner.bytes[range], shell: shell)
        guard let first = inner.commands.first else { return }
        kind = .commandLine
        command = CommandRules.name(first.words, naming: naming)
        hasInteraction = command.isInteractive
    }

    /// Names a command that is given as arguments, the program first.
    package init(arguments: [String], naming: NamingSettings = .none) {
        let words = arguments.prefix(Limits.shellCommandWords).map { argument in
            ShellWord(String(decoding: argument.utf8.prefix(Limits.shellWordBytes), as: UTF8.self))
        }
        guard !words.isEmpty else { return }
        kind = .command
        command = CommandRules.name(words, naming: naming)
        hasInteraction = command.isInteractive
    }

    private mutating func take(_ parser: ShellLineParser, _ naming: NamingSettings) {
        let all = parser.commands
        let named = all.map {
            CommandRules.name($0.words, hasInput: $0.isInputRedirected || $0.isAfterPipe, naming: naming)
        }
        hasInteraction = zip(all, named).contains { command, name in
            // In a loop `read` reads a file more often than the terminal.
            name.isInteractive && !(parser.isComplex && name.program == "read")
                || (command.isAfterPipe && Self.isPager(name))
        }
        let isTrivial = named.map { CommandRules.trivial.contains($0.program) }
        let isFilter = zip(all, named).map { $0.isAfterPipe && CommandRules.filters.contains($1.program) }
        var left = all.indices.filter { index in
            guard !isFilter[index] else { return false }
            let next = all[index].next
            return
                !(isTrivial[index] && index < all.count - 1 && !all[index].isAfterPipe
                && (next == .sequence || next == .and))
        }
        // If all commands are trivial commands or filters, and no pipeline has more than two elements, the first
        // command names the event.
        if zip(isTrivial, isFilter).allSatisfy({ $0 || $1 }),
            all.allSatisfy({ $0.next != .pipe || $0.pipelineIndex == 0 }),
            !all.isEmpty
        {
            left = [0]
        }
        guard let first = left.first else {
            if parser.isComplex, let any = named.first {
                kind = .commandLine
                command = any
            }
            return
        }
        command = named[first]
        isInBackground = all[all.count - 1].next == .background
        guard !parser.isComplex, left.count == 1 else {
            kind = .commandLine
            return
        }
        kind = .command
        let chosen = all[first]
        isInBackground = chosen.next == .background || isInBackground
        pipelineIndex = chosen.pipelineIndex
        isNegated = chosen.isNegated
        let isLast = chosen.pipeline == parser.lastPipeline - 1
        pipelineCount = isLast ? parser.lastPipelineCount : 1
        hasOwnStatus = isLast && !chosen.isStatusHidden || isTrivial[first]
        if isTrivial[first] { (pipelineIndex, pipelineCount) = isLast ? (pipelineIndex, pipelineCount) : (0, 1) }
        guard !isTrivial[first] else { return }
        if let change = all[..<first].lastIndex(where: {
            $0.next == .and && CommandRules.folderChanges.contains($0.words[0].text)
        }) {
            folderChange = named[change].program
            folderChangeIsHidden = all[change].isInSubshell
        }
    }

    private static func isPager(_ command: NamedCommand) -> Bool {
        ["less", "more", "most", "fzf", "sk", "view"].contains(command.program)
    }
}

/// A word of a command with its quotes and escapes removed.
package struct ShellWord: Equatable, Sendable {
    /// The text, at most `Limits.shellWordBytes` bytes. If the word contains an expansion, the text lacks the expansion
    /// or contains its source text, such as `HOME` of `$HOME`.
    package var text: String
    /// Whether no part of the word is quoted, escaped or expanded: a plain argument.
    package var isLiteral: Bool
    /// Whether the word contains an expansion, so that the text is not the word that the shell runs.
    package var isDynamic: Bool

    package init(_ text: String, isLiteral: Bool = true, isDynamic: Bool = false) {
        self.text = text
        self.isLiteral = isLiteral
        self.isDynamic = isDynamic
    }

    /// The part after the last slash; empty if the word ends with a slash.
    var baseName: String {
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else { return text }
        return String(text[text.utf8.index(after: slash)...])
    }

    /// Whether the word begins with `-` and has more characters.
    var isOption: Bool { text.utf8.count > 1 && text.utf8.first == UInt8(ascii: "-") }
}

/// The operator between a command of a line and the next command.
enum ShellOperator: Sendable {
    /// `;`, a line break, or the end of the text.
    case sequence
    case and, or, pipe, background
}

/// A simple command of a line: its words without assignments and redirections, and its position in the line.
struct ShellCommand: Sendable {
    var words: [ShellWord]
    /// The operator after the command.
    var next = ShellOperator.sequence
    /// Whether the command, or a group that contains it, follows a `|`.
    let isAfterPipe: Bool
    /// The index, in the line, of the outermost pipeline that contains the command.
    let pipeline: Int
    /// The index, in that pipeline, of the element with the command.
    let pipelineIndex: Int
    /// Whether the command is in a subshell, where a change of the folder does not affect the shell.
    let isInSubshell: Bool
    let isNegated: Bool
    /// Whether the input of the command comes from a file or a text.
    var isInputRedirected = false
    /// Whether another command sets the status of the pipeline's element, because a `|` follows this command inside of
    /// a group.
    var isStatusHidden = false
}
