import Snapshots

/// Follows the ledger line by line and says whether each stands where it was written: a pure state machine.
///
/// What the chain shows: a line that was altered, removed, added or moved, as the next line then no longer fits; with
/// the head (see `LedgerHead`), also lines missing at the end; with the note in the database (see `LedgerNote`), also a ledger
/// that was replaced together with its head. It cannot show that a program wrote the ledger, its head and the note again. No
/// key would prevent that, as a program that can write the ledger can read the key in the same folder.
package struct LedgerChain: Equatable, Sendable {
    /// Lines that were right.
    package private(set) var lines = 0
    /// SHA-256 of the last of them, in hexadecimal digits.
    package private(set) var hash = LedgerEntry.noPrevious

    package init() {}

    /// Takes the next line, without its line feed; returns the entry, or nil when the chain breaks here.
    package mutating func follow(_ bytes: [UInt8]) -> LedgerEntry? {
        guard let entry = LedgerEntry(encoded: bytes), entry.line == lines + 1, entry.previous == hash else {
            return nil
        }
        lines += 1
        hash = Checksum.of(bytes)
        return entry
    }

    /// The entry as it stands behind the last line, and its bytes.
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

/// How long the ledger is, kept beside it, so that lines missing at its end show.
///
/// The file `ledger.head` holds one line: the number of lines, a blank, and the SHA-256 of the last one. It is replaced
/// as a whole after each line is on disk, so the ledger may be ahead of it by what a kill left, but never behind.
struct LedgerHead: Equatable {
    var lines = 0
    var hash = LedgerEntry.noPrevious

    var text: String { "\(lines) \(hash)\n" }

    init() {}

    init(_ chain: LedgerChain) {
        lines = chain.lines
        hash = chain.hash
    }

    /// Nil when the text is no head.
    init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 2, let lines = Int(words[0]), lines >= 0, words[1].utf8.count == 65,
            words[1].hasSuffix("\n")
        else { return nil }
        self.lines = lines
        hash = String(words[1].dropLast())
    }
}
