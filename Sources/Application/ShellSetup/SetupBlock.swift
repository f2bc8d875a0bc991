import Intake
import SystemSupport

/// The marked lines that `nexus setup` adds to a start file.
///
///     # >>> nexus setup >>>
///     if command -v nexus >/dev/null; then
///         eval "$(nexus init bash)"
///     fi
///     # <<< nexus setup <<<
///
/// Newlines may be added before the block, so that the block begins on its own line. The first line of the block
/// records the number of these newlines (`# >>> nexus setup >>> newlines 1`). It also records whether the file was
/// created for the block (`# >>> nexus setup >>> new file`). Removing the block therefore restores every byte.
struct SetupBlock: Equatable {
    private static let begin = "# >>> nexus setup >>>"
    private static let end = "# <<< nexus setup <<<"
    private static let newlines = " newlines "
    private static let newFile = " new file"
    /// The largest number of added newlines. The first newline ends an unfinished line. If that line ends with a
    /// backslash, the second newline ends its continuation.
    private static let mostNewlines = 2

    /// The position of a block in a file.
    struct Place: Equatable {
        /// The block's bytes, including the newlines that were added before it.
        let range: Range<Int>
        let addedNewlines: Int
        /// Whether the file was created for the block.
        let madeFile: Bool
    }

    /// The result of a search for the block.
    enum Search: Equatable {
        /// The file has no block.
        case none
        /// The file has the block as `nexus setup` writes it.
        case unchanged(Place)
        /// The file has the first line of a block, but not the block as `nexus setup` writes it.
        case changed
    }

    private let shell: ShellDialect
    private let addedNewlines: Int
    private let madeFile: Bool

    /// Makes the block to add after the text `before`. `before` is nil for a missing file.
    init(shell: ShellDialect, after before: [UInt8]?) {
        self.shell = shell
        madeFile = before == nil
        addedNewlines = Self.missingNewlines(after: before ?? [])
    }

    private init(shell: ShellDialect, addedNewlines: Int, madeFile: Bool) {
        self.shell = shell
        self.addedNewlines = addedNewlines
        self.madeFile = madeFile
    }

    /// Returns the number of newlines to add after a text, so that the next text begins on its own line. The number is
    /// 0 after a complete line and 1 after an unfinished line. If a backslash at the end continues the line, one more
    /// newline is needed.
    private static func missingNewlines(after text: [UInt8]) -> Int {
        guard let last = text.last else { return 0 }
        let isEnded = last == UInt8(ascii: "\n")
        let backslashes = text.dropLast(isEnded ? 1 : 0).reversed().prefix { $0 == UInt8(ascii: "\\") }.count
        return (isEnded ? 0 : 1) + backslashes % 2
    }

    /// Returns the line that a user would add by hand.
    static func line(_ shell: ShellDialect) -> String {
        switch shell {
        case .bash, .zsh: "eval \"$(nexus init \(shell.rawValue))\""
        case .fish: "nexus init fish | source"
        }
    }

    /// The block with the newlines before it.
    var bytes: [UInt8] { Array((String(repeating: "\n", count: addedNewlines) + text).utf8) }

    private var text: String {
        let first =
            Self.begin + (addedNewlines > 0 ? Self.newlines + String(addedNewlines) : "")
            + (madeFile ? Self.newFile : "")
        let (condition, end) =
            shell == .fish ? ("if command -q nexus", "end") : ("if command -v nexus >/dev/null; then", "fi")
        return """
            \(first)
            # Records the name, duration and outcome of each line: 'nexus help init'. Removed by 'nexus setup --undo'.
            \(condition)
                \(Self.line(shell))
            \(end)
            \(Self.end)

            """
    }

    /// Returns every form that the block can have.
    private static func all(_ shell: ShellDialect) -> [SetupBlock] {
        (0...mostNewlines).flatMap { count in
            [false, true].map { SetupBlock(shell: shell, addedNewlines: count, madeFile: $0) }
        }
    }

    /// Searches the bytes of a start file for the block.
    static func find(in bytes: [UInt8], shell: ShellDialect) -> Search {
        for block in all(shell) {
            let wanted = block.bytes
            guard let start = bytes.firstRange(of: wanted)?.lowerBound else { continue }
            // A block without added newlines must be at the start of a line.
            let beginsLine = block.addedNewlines > 0 || start == 0 || bytes[start - 1] == UInt8(ascii: "\n")
            guard beginsLine else { continue }
            return .unchanged(
                Place(
                    range: start..<start + wanted.count, addedNewlines: block.addedNewlines,
                    madeFile: block.madeFile))
        }
        return bytes.firstRange(of: Array(begin.utf8)) == nil ? .none : .changed
    }
}
