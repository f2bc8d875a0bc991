package import Core
import SystemSupport

/// The egress ledger, open for writing. Only one process at a time has it open, and only while the process sends.
///
/// A line is on disk when `append` returns. Otherwise a power failure could undo an intent, and rows would have been
/// sent without a record. A power failure could also undo a confirmation, and the same range would be sent again.
package struct Ledger: ~Copyable, Sendable {
    private let file: File
    private let data: DataFolder
    private var chain: LedgerChain
    package private(set) var progress: LedgerProgress

    /// Opens the ledger and takes its lock; nil when another process sends. Throws `SyncError.damagedLedger` when the
    /// chain is broken, because the ledger then does not show what was sent.
    package static func open(in data: DataFolder) throws -> Ledger? {
        try data.folder.requireOwn()
        let file = try File(opening: data.ledgerPath, [.readWrite, .create, .append, .regular])
        guard try file.tryLock() else { return nil }
        var progress = LedgerProgress()
        let findings = try LedgerReader.read(data) { progress.observe($0) }
        if let damage = findings.damage { throw SyncError.damagedLedger(path: data.ledgerPath, damage) }
        // An incomplete last line is removed. The process that wrote the line was killed before `append` returned, so
        // it sent nothing after this line.
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

    /// Replaces the head as a whole. The rename is not flushed to disk, so a power failure may bring back an older
    /// head. An older head is valid, because it counts fewer lines than the ledger has.
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
