package import Core
import Database
import SystemSupport

/// Reads the ledger line by line and verifies the chain.
package enum LedgerReader {
    /// A problem of a ledger.
    package enum Damage: Equatable, Sendable, CustomStringConvertible {
        /// This line or the line before it was altered, or a line was added or removed here.
        case altered(line: Int)
        /// Lines are missing at the end.
        case shortened(lines: Int, expected: Int)
        /// The head is invalid, or belongs to another ledger.
        case head
        /// The hash of a line differs from the hash that the database noted for this line (see `LedgerNote`).
        case replaced

        package var description: String {
            switch self {
            case .altered(let line):
                "line \(line) does not match the hash of the line before it: a line was altered, added or removed"
            case .shortened(let lines, let expected):
                "it has \(lines) of \(expected.counted("line")): the rest was removed"
            case .replaced:
                "it is not the ledger that the database knows: it was altered or replaced together with ledger.head"
            case .head: "ledger.head does not match it: the ledger or ledger.head was altered"
            }
        }
    }

    /// The result of reading the ledger.
    package struct Findings: Equatable, Sendable {
        package internal(set) var chain = LedgerChain()
        /// Length of the valid lines, in bytes.
        var length = 0
        /// Whether the file ends with an incomplete line, because a process was killed while it wrote the line. A
        /// transfer starts only after its line is complete.
        package internal(set) var isTorn = false
        /// The first problem of the ledger; nil if there is none.
        package internal(set) var damage: Damage?
    }

    /// Reads all lines up to the first invalid line, and passes each valid line to `body`. A missing ledger is read as
    /// an empty ledger.
    @discardableResult
    package static func read(_ data: DataFolder, _ body: (LedgerEntry) throws -> Void = { _ in }) throws -> Findings {
        // The note and the head are read before the ledger. If another process appends lines in the meantime, the
        // ledger therefore has more lines than the note and the head count, never fewer.
        let note = LedgerNote.current(in: data)
        let headText = try small(data.ledgerHeadPath)
        var findings = Findings()
        guard let head = headText.map(LedgerHead.init) ?? LedgerHead() else {
            findings.damage = .head
            return findings
        }
        // A missing ledger counts as truncated if the head or the note counts lines.
        if let file = try open(data.ledgerPath) { try follow(file, head, note, &findings, body) }
        let expected = max(head.lines, note?.lines ?? 0)
        if findings.damage == nil, findings.chain.lines < expected {
            findings.damage = .shortened(lines: findings.chain.lines, expected: expected)
        }
        return findings
    }

    private static func follow(
        _ file: borrowing File, _ head: LedgerHead, _ note: LedgerNote?, _ findings: inout Findings,
        _ body: (LedgerEntry) throws -> Void
    ) throws {
        var pending: [UInt8] = []
        while try file.read(appendingTo: &pending, limit: Limits.inputChunkBytes) > 0 {
            var start = 0
            while let end = pending.span.firstIndex(of: UInt8(ascii: "\n"), from: start) {
                guard let entry = findings.chain.follow(Array(pending[start..<end])) else {
                    findings.damage = .altered(line: findings.chain.lines + 1)
                    return
                }
                guard findings.chain.lines != head.lines || findings.chain.hash == head.hash else {
                    findings.damage = .head
                    return
                }
                guard findings.chain.lines != note?.lines || findings.chain.hash == note?.hash else {
                    findings.damage = .replaced
                    return
                }
                try body(entry)
                findings.length += end + 1 - start
                start = end + 1
            }
            pending.removeFirst(start)
            guard pending.count <= Limits.ledgerLineBytes else {
                findings.damage = .altered(line: findings.chain.lines + 1)
                return
            }
        }
        findings.isTorn = !pending.isEmpty
    }

    /// Returns the text of a file of one line; nil when the file does not exist.
    private static func small(_ path: String) throws(SystemError) -> String? {
        guard let file = try open(path) else { return nil }
        var bytes: [UInt8] = []
        _ = try file.read(appendingTo: &bytes, limit: 256)
        return bytes.text
    }

    /// Opens a file; nil when it does not exist.
    private static func open(_ path: String) throws(SystemError) -> File? {
        do { return try File(opening: path, [.read, .regular]) } catch  where error.isNotFound { return nil }
    }
}
