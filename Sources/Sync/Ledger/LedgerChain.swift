import Snapshots

/// Verifies the ledger line by line: a pure state machine.
///
/// - The chain detects a line that was altered, removed, added or moved, because the next line then no longer contains
///   the right hash.
/// - With the head (see `LedgerHead`) it also detects lines missing at the end.
/// - With the note in the database (see `LedgerNote`) it also detects a ledger that was replaced together with its
///   head.
///
/// The chain cannot detect a program that rewrote the ledger, its head and the note. A secret key for the hashes would
/// not prevent this: a program that can write the ledger can also read a key in its folder.
package struct LedgerChain: Equatable, Sendable {
    /// The number of valid lines.
    package private(set) var lines = 0
    /// SHA-256 of the last valid line, in hexadecimal digits.
    package private(set) var hash = LedgerEntry.noPrevious

    package init() {}

    /// Verifies the next line, given without its line feed. Returns the entry; nil when the line breaks the chain.
    package mutating func follow(_ bytes: [UInt8]) -> LedgerEntry? {
        guard let entry = LedgerEntry(encoded: bytes), entry.line == lines + 1, entry.previous == hash else {
            return nil
        }
        lines += 1
        hash = Checksum.of(bytes)
        return entry
    }

    /// Appends an entry to the chain and returns its bytes.
    mutating func extend(_ entry: LedgerEntry) -> [UInt8] {
        var entry = entry
        entry.line = lines + 1
        entry.previous = hash
        let bytes = entry.encoded()
        lines += 1
        hash = Checksum.of(bytes)
        return bytes
    }
}

/// The length of the ledger, in a separate file, so that lines missing at its end are detected.
///
/// The file `ledger.head` holds one line: the number of lines, a space, and the SHA-256 of the last line. The file is
/// replaced as a whole after each append, once the appended lines are on disk. A killed process may therefore leave
/// lines that the head does not count. The head never counts more lines than the ledger has.
struct LedgerHead: Equatable {
    var lines = 0
    var hash = LedgerEntry.noPrevious

    var text: String { "\(lines) \(hash)\n" }

    init() {}

    init(_ chain: LedgerChain) {
        lines = chain.lines
        hash = chain.hash
    }

    /// Nil when the text is not a valid head.
    init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 2, let lines = Int(words[0]), lines >= 0, words[1].utf8.count == 65,
            words[1].hasSuffix("\n")
        else { return nil }
        self.lines = lines
        hash = String(words[1].dropLast())
    }
}
