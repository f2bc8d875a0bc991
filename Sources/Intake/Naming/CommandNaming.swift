package import Core

/// The meaning of the words of one command: its name, and the interpretation of its status.
package struct NamedCommand: Equatable, Sendable {
    /// At most four plain words. Empty if the program's name is an expansion or not a plain word.
    package var name: String
    /// Whether the program is in one of the lists of `CommandRules` or of the user's settings.
    package var isListed = false
    /// Whether the command runs as long as the user reads or types.
    package var isInteractive = false
    /// Whether exit code 1 is an answer and not a failure.
    package var oneIsAnswer = false
    /// Whether a `timeout` limits the command.
    package var hasTimeout = false
    /// The base name of the program.
    package var program = ""
}

extension CommandRules {
    /// Names a command by its words, the program first, without assignments and redirections.
    /// - Parameters:
    ///   - hasInput: whether the input comes from a file, a text or a pipe. Such a command is not interactive.
    ///   - naming: the user's additions to the lists.
    package static func name(
        _ words: [ShellWord], hasInput: Bool = false, naming: NamingSettings = .none
    ) -> NamedCommand {
        var rest = words[...]
        var command = NamedCommand(name: "")
        // If the command cannot be separated from a wrapper's own options, the wrapper is the name.
        var fallback = ""
        while let word = rest.first {
            if isVariable(word), rest.startIndex > 0 {
                rest.removeFirst()
                continue
            }
            let program = programName(word)
            guard !program.isEmpty else {
                command.name = fallback
                return command
            }
            if isPythonModule(program, rest) {
                fallback = program
                rest = rest.dropFirst(2)
                continue
            }
            let inner = afterWrapper(program, rest)
            if case .noWrapper = inner {
                name(program, rest.dropFirst(), hasInput, naming, into: &command)
                return command
            }
            if timeouts.contains(program) { command.hasTimeout = true }
            fallback = program
            guard case .command(let words) = inner else { break }
            rest = words
        }
        command.name = isPlain(fallback) ? fallback : ""
        command.program = fallback
        command.isListed = !fallback.isEmpty
        // `sudo -i` runs an interactive shell. A query like `command -v` does not.
        command.isInteractive = fallback == "sudo" && words.contains { $0.text == "-i" || $0.text == "-s" }
        return command
    }

    private static func name(
        _ program: String, _ arguments: ArraySlice<ShellWord>, _ hasInput: Bool, _ naming: NamingSettings,
        into command: inout NamedCommand
    ) {
        command.program = program
        command.name = isPlain(program) ? program : ""
        guard !command.name.isEmpty else { return }
        if let rule = subcommands.first(where: { $0.program == program }) {
            command.isListed = true
            for word in subcommandWords(rule, arguments) { command.name += " " + word }
        } else if naming.subcommands.contains(program) {
            command.isListed = true
            for word in subcommandWords(Subcommands(program: program), arguments) { command.name += " " + word }
        }
        command.isListed =
            command.isListed || trivial.contains(program) || filters.contains(program) || interactive.contains(program)
            || interpreters.contains(program) || program.hasPrefix("python3.")
            || databaseClients.contains { $0.program == program }
        command.oneIsAnswer = oneIsAnswer.contains(program) || oneIsAnswer.contains(command.name)
        command.isListed = command.isListed || command.oneIsAnswer
        command.isInteractive = !hasInput && isInteractive(program, arguments)
        if naming.interactive.contains(where: { NamingSettings.matches(command.name, $0) }) {
            command.isListed = true
            command.isInteractive = !hasInput
        }
    }

    /// The maximum length of a word that counts as a subcommand, in bytes.
    private static let subcommandBytes = 20

    // MARK: The program

    /// Returns the base name of a program; empty when an expansion determines what the shell runs.
    private static func programName(_ word: ShellWord) -> String {
        guard !word.isDynamic else { return "" }
        switch word.text {
        case "[", "[[": return "test"
        case "((": return "let"
        case ":", "-": return word.text
        case ".": return "source"
        default: break
        }
        var name = word.baseName
        // A version may follow the name, as in `npx eslint@8`.
        if let version = name.utf8.firstIndex(of: UInt8(ascii: "@")), version > name.utf8.startIndex {
            name = String(name[..<version])
        }
        return name
    }

    /// Returns whether a text can be stored as a word of a command: `[A-Za-z0-9][A-Za-z0-9._:-]{0,31}`.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= Limits.commandWordBytes else { return false }
        return isLetterOrDigit(first)
            && text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x3A || $0 == 0x2D }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        byte != UInt8(ascii: "_") && ShellScanner.isNameByte(byte)
    }

    /// Returns whether a word has the form `NAME=value`. After `env`, such a word sets a variable.
    private static func isVariable(_ word: ShellWord) -> Bool {
        guard let equals = word.text.utf8.firstIndex(of: UInt8(ascii: "=")), equals > word.text.utf8.startIndex else {
            return false
        }
        return word.text.utf8[..<equals].allSatisfy(ShellScanner.isNameByte)
    }

    private static func isPythonModule(_ program: String, _ words: ArraySlice<ShellWord>) -> Bool {
        guard program.hasPrefix("python") || program == "py" else { return false }
        return words.count > 2 && words[words.startIndex + 1].text == "-m" && words[words.startIndex + 1].isLiteral
    }

    // MARK: Wrappers

    private enum WrapperResult {
        case noWrapper
        /// A wrapper without a command, or with an unknown option.
        case unknown
        case command(ArraySlice<ShellWord>)
    }

    /// Returns the words after a wrapper and its options.
    private static func afterWrapper(_ program: String, _ words: ArraySlice<ShellWord>) -> WrapperResult {
        for wrapper in wrappers where wrapper.name == program {
            var rest = words.dropFirst()
            if !wrapper.subcommand.isEmpty {
                guard let word = rest.first, word.isLiteral, word.text == wrapper.subcommand else { continue }
                rest.removeFirst()
            }
            var operands = wrapper.operands
            while let word = rest.first {
                if word.text == "--" {
                    rest.removeFirst()
                    if operands == 0 { break }
                } else if word.isOption || word.text == "-" {
                    guard let after = afterOption(word, rest, wrapper.valued, wrapper.flags) else { return .unknown }
                    rest = after
                } else if operands > 0 {
                    operands -= 1
                    rest.removeFirst()
                } else {
                    break
                }
            }
            return rest.isEmpty ? .unknown : .command(rest)
        }
        return .noWrapper
    }

    /// Returns the words after an option; nil if the option is unknown.
    private static func afterOption(
        _ word: ShellWord, _ words: ArraySlice<ShellWord>, _ valued: String, _ flags: String
    ) -> ArraySlice<ShellWord>? {
        let option = word.text
        guard !option.utf8.contains(UInt8(ascii: " ")) else { return nil }
        if valued.contains(" \(option) ") { return words.dropFirst(2) }
        if flags.contains(" \(option) ") { return words.dropFirst() }
        if option.hasPrefix("--"), let equals = option.firstIndex(of: "=") {
            let name = option[..<equals]
            return valued.contains(" \(name) ") || flags.contains(" \(name) ") ? words.dropFirst() : nil
        }
        // The value may be a part of the word, as in `-j8`, `-n10` and `-c2`.
        if !option.hasPrefix("--"), option.utf8.count > 2, valued.contains(" \(option.prefix(2)) ") {
            return words.dropFirst()
        }
        let isNumber = option.utf8.dropFirst().allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
        if isNumber, flags.contains(" -NUMBER ") { return words.dropFirst() }
        if flags.contains(" -j "), option.hasPrefix("-j"),
            option.dropFirst(2).utf8.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 })
        {
            return words.dropFirst()
        }
        return nil
    }

    // MARK: Subcommands

    private static func subcommandWords(_ rule: Subcommands, _ arguments: ArraySlice<ShellWord>) -> [String] {
        var rest = arguments
        while let word = rest.first {
            if word.isLiteral, word.isOption {
                guard let after = afterOption(word, rest, rule.valued, rule.flags) else { return [] }
                rest = after
            } else if rule.isChosen, isVariable(word) || isCount(word) {
                rest.removeFirst()
            } else {
                break
            }
        }
        var words: [String] = []
        while words.count < Limits.commandWords - 1, let word = rest.popFirst() {
            let isChosen = rule.isChosen || (!words.isEmpty && rule.words == 1)
            guard word.isLiteral, isSubcommand(word.text, isChosen: isChosen, hasDigits: rule.words > 1) else { break }
            words.append(word.text)
            // For most programs `longer` is only a blank. The comparison with a blank then avoids the slow search in
            // `longer`.
            let isLonger = words.count == 1 && rule.longer != " " && rule.longer.contains(" \(word.text) ")
            if words.count >= rule.words, !isLonger { break }
        }
        return words
    }

    /// Returns whether a word is a number, such as the number after `make -j`.
    private static func isCount(_ word: ShellWord) -> Bool {
        !word.text.isEmpty && word.text.utf8.allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
    }

    /// Returns whether a word looks like a subcommand: lower-case letters and `-`. With `hasDigits` it may also have
    /// digits, as in `s3`. With `isChosen` it may also have capitals, digits, `_`, `:` and `.`, because users choose
    /// such names.
    private static func isSubcommand(_ word: String, isChosen: Bool, hasDigits: Bool) -> Bool {
        guard let first = word.utf8.first, word.utf8.count <= subcommandBytes else { return false }
        let isLower = { (byte: UInt8) in byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }
        guard isChosen ? isLetterOrDigit(first) && first > UInt8(ascii: "9") : isLower(first) else { return false }
        return word.utf8.allSatisfy { byte in
            isLower(byte) || byte == UInt8(ascii: "-") || (hasDigits && byte &- UInt8(ascii: "0") < 10)
                || (isChosen && (isLetterOrDigit(byte) || byte == 0x5F || byte == 0x3A || byte == 0x2E))
        }
    }

    // MARK: Interaction

    private static func isInteractive(_ program: String, _ arguments: ArraySlice<ShellWord>) -> Bool {
        if interactive.contains(program) {
            if arguments.contains(where: { $0.text == "--version" || $0.text == "--help" }) { return false }
            return program != "crontab" || arguments.contains { $0.text == "-e" }
        }
        if interpreters.contains(program) || program.hasPrefix("python3.") {
            return arguments.isEmpty
                || (arguments.count == 1 && (arguments.first?.text == "-i" || arguments.first?.text == "-l"))
        }
        if let client = databaseClients.first(where: { $0.program == program }) {
            return isInteractive(client, arguments)
        }
        if containerPrograms.contains(program) {
            return arguments.contains { word in
                word.isLiteral && (word.text == "-it" || word.text == "-ti" || word.text == "attach")
            }
        }
        return false
    }

    private static func isInteractive(_ client: DatabaseClient, _ arguments: ArraySlice<ShellWord>) -> Bool {
        var rest = arguments
        var count = 0
        while let word = rest.popFirst() {
            guard word.isOption else {
                count += 1
                continue
            }
            let option = word.text.prefix { $0 != "=" }
            if client.statements.contains(" \(option) ") { return false }
            // The value may be a part of the word, as in `-fload.sql`.
            if !client.hasOneDash, !option.hasPrefix("--"), client.statements.contains(" \(option.prefix(2)) ") {
                return false
            }
            if client.valued.contains(" \(word.text) ") { rest = rest.dropFirst() }
        }
        return client.arguments.map { count <= $0 } ?? true
    }
}
