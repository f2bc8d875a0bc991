/// A word of a command with its quotes and escapes removed.
package struct ShellWord: Equatable, Sendable {
    /// The text; what an expansion stands for is left out. Cut after `Limits.shellWordBytes`.
    package var text: String
    /// Whether nothing in it is quoted, escaped or expanded: a plain argument.
    package var isLiteral: Bool
    /// Whether an expansion is a part of it, so that the text is not what the shell runs.
    package var isDynamic: Bool

    package init(_ text: String, isLiteral: Bool = true, isDynamic: Bool = false) {
        self.text = text
        self.isLiteral = isLiteral
        self.isDynamic = isDynamic
    }

    /// The part after the last slash; empty after a slash at the end.
    var baseName: String {
        guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) else { return text }
        return String(text[text.utf8.index(after: slash)...])
    }

    /// Whether it begins with `-` and has more.
    var isOption: Bool { text.utf8.count > 1 && text.utf8.first == UInt8(ascii: "-") }
}

/// What joins a command of a line to the next one.
enum ShellOperator: Sendable {
    /// `;`, the end of a line, or the end of the whole.
    case sequence
    case and, or, pipe, background
}

/// A simple command of a line: its words without assignments and redirections, and where it is.
struct ShellCommand: Sendable {
    var words: [ShellWord]
    /// What follows it.
    var next = ShellOperator.sequence
    /// Whether it is after a `|`, directly or in a group.
    let isAfterPipe: Bool
    /// The number of the pipeline outside of all groups that it is a part of, and its index there.
    let pipeline: Int
    let pipelineIndex: Int
    /// Whether it is in a subshell, where a change of the folder has no effect on the shell.
    let isInSubshell: Bool
    let isNegated: Bool
    /// Whether its input comes from a file or a text.
    var isInputRedirected = false
    /// Whether its status is not that of the pipeline's element, as it is followed by `|` inside of a group.
    var isStatusHidden = false
}
