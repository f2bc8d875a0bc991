package import Core
import SystemSupport

/// The egress ledger, open for writing: by one process at a time, and only while it sends.
///
/// A line is on disk when `append` returns. Otherwise a power failure could undo an intent, and rows would have been
/// sent without a record. A power failure could also undo a confirmation, and the same range would be sent again.
package struct Ledger: ~Copyable, Sendable {
    private let file: File
    private let data: DataFolder
    private var chain: LedgerChain
    package private(set) var progress: LedgerProgress

    /// Opens the ledger and takes its lock; nil when another process sends. Throws `SyncError.damagedLedger` when the
    /// chain is broken, because the earlier transfers are then unknown.
    package static func open(in data: DataFolder) throws -> Ledger? {
        try data.folder.requireOwn()
        let file = try File(opening: data.ledgerPath, [.readWrite, .create, .append, .regular])
        guard try file.tryLock() else { return nil }
        var progress = LedgerProgress()
        let findings = try LedgerReader.read(data) { progress.observe($0) }
        if let damage = findings.damage { throw SyncError.damagedLedger(path: data.ledgerPath, damage) }
        // A torn line of a killed process was never on disk, so no action followed from it.
        if findings.isTorn { try file.truncate(to: findings.length) }
        try data.folder.synchronize()
        let ledger = Ledger(file: file, data: data, chain: findings.chain, progress: progress)
        // The previous process may have been killed between writing a line and the head.
        try ledger.writeHead()
        return ledger
    }

    private init(file: consuming File, data: DataFolder, chain: LedgerChain, progress: LedgerProgress) {
        self.file = file
        self.data = data
        self.chain = chain
        self.progress = progress
    }

    /// Appends lines, and returns once they are on disk.
    package mutating func append(
        _ lines: [(event: LedgerEntry.Event, transfer: Transfer)], at time: Int64
    ) throws {
        var next = chain
        let entries = lines.map { LedgerEntry($0.event, $0.transfer, at: time) }
        var bytes: [UInt8] = []
        for entry in entries {
            let line = next.extend(entry)
            precondition(line.count < Limits.ledgerLineBytes, "a URL is short enough for a line")
            bytes += line + [UInt8(ascii: "\n")]
        }
        try file.write(bytes.span)
        try file.synchronizeData()
        chain = next
        for entry in entries { progress.observe(entry) }
        try writeHead()
    }

    /// Appends a line, and returns once it is on disk.
    package mutating func append(_ event: LedgerEntry.Event, _ transfer: Transfer, at time: Int64) throws {
        try append([(event, transfer)], at: time)
    }

    /// Replaces the head as a whole. The folder entry of the head need not be on disk immediately. A power failure then
    /// restores an older head, and the ledger may have more lines than the head counts.
    private func writeHead() throws(SystemError) {
        guard chain.lines > 0 else { return }
        do {
            let new = try File(opening: data.ledgerHeadPath + ".new", [.write, .create, .truncate, .regular])
            try new.write(LedgerHead(chain).text)
            try new.synchronizeData()
        }
        try data.folder.rename("ledger.head.new", to: "ledger.head")
    }
}
