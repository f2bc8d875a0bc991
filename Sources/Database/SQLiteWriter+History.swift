import Core
import GRDB
package import SystemSupport

/// Entries of a history as events, ready to be stored. Their fields have passed the validation that every event passes.
package struct HistoryRows: Sendable {
    struct Entry {
        /// The range of the entry's payload in `bytes`.
        let place: Range<Int>
        /// Milliseconds since 1970.
        let time: Int64
        /// Identifies the entry (see `HistoryTables`).
        let mark: Int64
        /// The marks that the entry would have one second earlier and one second later. Another source may have
        /// imported the same run with one of these marks. Nil if there is no other source to compare with.
        let near: Near?
    }

    /// The marks that an entry would have if its time were one second earlier (`before`) or one second later (`after`).
    package struct Near: Sendable {
        package let before: Int64
        package let after: Int64

        package init(before: Int64, after: Int64) {
            self.before = before
            self.after = after
        }
    }

    /// Payloads of events (see `EventRecord`), concatenated.
    private(set) var bytes: [UInt8] = []
    private(set) var entries: [Entry] = []

    package init() {}

    package var count: Int { entries.count }

    /// Adds an entry.
    package mutating func append(_ payload: Span<UInt8>, at time: Int64, mark: Int64, near: Near?) {
        let start = bytes.count
        bytes.append(payload)
        entries.append(Entry(place: start..<bytes.count, time: time, mark: mark, near: near))
    }

    /// Adds the entries of another batch that have the given indices.
    package mutating func append(_ other: HistoryRows, of indices: Range<Int>) {
        for entry in other.entries[indices] {
            append(other.bytes.span.extracting(entry.place), at: entry.time, mark: entry.mark, near: entry.near)
        }
    }

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
    }

    /// Returns the time of an entry, in milliseconds since 1970.
    package func time(at index: Int) -> Int64 { entries[index].time }

    /// Returns the mark that identifies an entry.
    package func mark(at index: Int) -> Int64 { entries[index].mark }

    /// Returns the marks that an entry would have one second earlier and one second later; nil if they are not
    /// compared.
    package func near(at index: Int) -> Near? { entries[index].near }

    /// The entries of a batch that are not stored yet, and the number of entries that are stored already.
    package struct News: Sendable {
        /// Indices of the entries that are not stored yet.
        package fileprivate(set) var new: [Int] = []
        /// The number of entries that were already imported from the same source, or that are repeated in the batch.
        package fileprivate(set) var known = 0
        /// The number of entries that were already imported from another source.
        package fileprivate(set) var elsewhere = 0

        package init() {}
    }

    /// Looks up the marks of all entries, which belong to `source`.
    func news(of source: String, in database: Database) throws -> News {
        // There are two statements instead of a join, because most marks are not in the table: the second statement
        // seldom runs.
        let find = try RawStatement("SELECT event_id FROM history_marks WHERE mark = ?", in: database)
        let compare = try RawStatement("SELECT session_id = ? FROM events WHERE id = ?", in: database)
        try compare.bind(1, text: HistorySession.id(of: source).utf8.span)
        // Returns nil for an unknown mark, otherwise whether the entry with the mark was imported from `source`.
        func isOwn(_ mark: Int64) throws -> Bool? {
            find.bind(1, mark)
            guard let row = try find.first({ $0.number(0) }) else { return nil }
            compare.bind(2, row)
            return try compare.first { $0.number(0) == 1 } ?? true
        }
        var news = News()
        var seen: Set<Int64> = []
        for (index, entry) in entries.enumerated() {
            if let isOwn = try isOwn(entry.mark) {
                if isOwn { news.known += 1 } else { news.elsewhere += 1 }
            } else if !seen.insert(entry.mark).inserted {
                news.known += 1
            } else if let near = entry.near,
                try isOwn(near.before) == false || isOwn(near.after) == false
            {
                news.elsewhere += 1
            } else {
                news.new.append(index)
            }
        }
        return news
    }
}

/// The result of an import of a history.
package struct HistoryOutcome: Equatable, Sendable {
    package internal(set) var imported = 0
    /// The number of skipped entries that were already imported from the same source, or repeated in a batch.
    package internal(set) var known = 0
    /// The number of skipped entries that were already imported from another source.
    package internal(set) var elsewhere = 0
    /// The times of the first and the last imported entry, in milliseconds since 1970; nil if no entry was imported.
    package internal(set) var times: ClosedRange<Int64>?

    package init() {}
}

extension SQLiteWriter {
    /// Returns the facts that decide which entries of a source are imported.
    package func historyBounds(of source: String) throws(StoreError) -> HistoryBounds {
        try asStoreError(data.databasePath) { try queue.read { try HistoryBounds(of: source, in: $0) } }
    }

    /// Imports the batches of a queue. Each batch has its own transaction, which writes rows, rollups and marks. If an
    /// import is killed, the database has whole batches, and the next import stores the remaining batches.
    /// - Throws: the error that the queue ended with, a `CancellationError` or a `StoreError`.
    package func importHistory(
        _ source: String, from batches: BoundedQueue<HistoryRows>
    ) throws -> HistoryOutcome {
        do {
            var outcome = HistoryOutcome()
            while let rows = try batches.take() {
                try Task.checkCancellation()
                try queue.write { try store(rows, of: source, into: $0, &outcome) }
                if (data.folder.size(of: "nexus.db-wal") ?? 0) >= Limits.walBytes / 2 {
                    try checkpoint(includingNewest: false)
                }
            }
            return outcome
        } catch {
            batches.abandon()
            try recover()
            throw error is DatabaseError ? StoreError(error, path: data.databasePath) : error
        }
    }

    /// Records whether a source stores repeated lines only once.
    package func noteHistory(_ source: String, isLowerBound: Bool) throws(StoreError) {
        try asStoreError(data.databasePath) {
            try queue.write {
                try $0.execute(
                    sql: "UPDATE histories SET is_lower_bound = ? WHERE source = ?", arguments: [isLowerBound, source])
            }
        }
    }

    private func store(
        _ rows: HistoryRows, of source: String, into database: Database, _ outcome: inout HistoryOutcome
    ) throws {
        var history = try HistoryTables.History(of: source, in: database)
        let news = try rows.news(of: source, in: database)
        outcome.known += news.known
        outcome.elsewhere += news.elsewhere
        guard !news.new.isEmpty else { return }
        var imported = ImportedRows(of: history.installation)
        for index in news.new {
            let entry = rows.entries[index]
            imported.append(history.nextID, rows.bytes.span.extracting(entry.place))
            history.nextID += 1
            history.firstAt = min(history.firstAt, entry.time)
            history.lastAt = max(history.lastAt, entry.time)
            let times = outcome.times ?? entry.time...entry.time
            outcome.times = min(times.lowerBound, entry.time)...max(times.upperBound, entry.time)
        }
        var placing = try ImportPlacing(database)
        // `present` is not called, because the ids of `imported` are higher than every earlier id of this source.
        let placed = try placing.place(imported) { _ in [] }
        try ingest.ingest(imported, placed: placed, into: database)
        try ingest.finish(into: database, now: clock.now())
        try placing.finish(in: database)
        try note(zip(news.new, placed).map { (rows.entries[$0].mark, $1.id) }, in: database)
        try history.write(into: database)
        outcome.imported += placed.count
    }

    /// Stores marks in ascending order, because neighbouring marks are on the same page of the database.
    private func note(_ marks: [(mark: Int64, row: Int64)], in database: Database) throws {
        let sorted = marks.sorted { $0.mark < $1.mark }
        let insertOne = "INSERT INTO history_marks VALUES (?, ?)"
        let insertMany = insertOne + String(repeating: ", (?, ?)", count: Self.marksPerStatement - 1)
        let one = try RawStatement(insertOne, in: database)
        let many = try RawStatement(insertMany, in: database)
        var next = 0
        while next < sorted.count {
            let isFull = sorted.count - next >= Self.marksPerStatement
            let (insert, count) = isFull ? (many, Self.marksPerStatement) : (one, 1)
            for (index, mark) in sorted[next..<next + count].enumerated() {
                insert.bind(Int32(2 * index + 1), mark.mark)
                insert.bind(Int32(2 * index + 2), mark.row)
            }
            try insert.run()
            next += count
        }
    }

    /// The number of marks that the longer INSERT stores. The size of a full batch is a multiple of this number.
    private static var marksPerStatement: Int { 64 }
}
