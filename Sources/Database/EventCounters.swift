package import Core
package import GRDB
import SystemSupport
package import WriteAheadBuffer

/// Counts of received events, and of what happened to them. The sums must agree: received = accepted + rejected,
/// accepted = stored + pending.
///
/// The counts have independent sources. `stored` is the number of rows that SQLite reported as inserted; `accepted` is
/// the number of events that were read from the buffer or are pending in it.
package struct EventCounters: Equatable, Sendable {
    var counts: [Counter: Int] = [:]
    private var pendingRejections = RejectionCounters()
    /// Events that wait in the buffer.
    package private(set) var pending = 0

    package init() {}

    package var stored: Int { counts[.stored] ?? 0 }
    /// Rows that were imported from snapshots and histories. `stored` does not include them.
    package var imported: Int { counts[.imported] ?? 0 }
    package var accepted: Int { (counts[.accepted] ?? 0).saturatingSum(pending) }
    package var rejected: Int { rejectedByReason.reduce(0) { $0.saturatingSum($1.count) } }
    package var received: Int { accepted.saturatingSum(rejected) }
    package var droppedFields: Int { times(.droppedField) }
    package var cutCommands: Int { times(.cutCommand) }
    /// Values that looked like a secret and were left out of accepted events.
    package var redactedValues: Int { times(.redactedValue) }
    /// Events that programs dropped for lack of capacity; Nexus never received them.
    package var droppedEvents: Int { times(.droppedEvent) }
    /// Fragments of records, left by recording processes that were killed. None of these records was acknowledged.
    package var tornRecords: Int { counts[.tornRecords] ?? 0 }
    /// Records that were written whole and then changed on disk.
    package var damagedRecords: Int { counts[.damagedRecords] ?? 0 }

    /// Rows that a purge has removed.
    package var purged: Int { counts[.purged] ?? 0 }
    /// Rows that retention removed.
    package var expired: Int { counts[.expired] ?? 0 }

    /// Whether the sums agree.
    package var balance: Bool { accepted == stored + pending }

    /// The reasons for which events were rejected, most frequent first.
    package var rejectedByReason: [(reason: Rejection.Reason, count: Int)] {
        Rejection.Reason.allCases.map { ($0, times(.rejected($0))) }
            .filter { $0.1 > 0 }
            .sorted { $0.1 > $1.1 }
    }

    /// Reads the counters of the database, without pending events.
    package init(from database: Database) throws {
        let rows = try Row.fetchAll(database, sql: "SELECT name, count FROM counters")
        let counts = Dictionary(uniqueKeysWithValues: rows.map { ($0[0] as String, $0[1] as Int) })
        for counter in Counter.all { self.counts[counter] = counts[counter.name] }
    }

    /// Creates the counters of a data folder without a database. All accepted events are still in the buffer.
    package init(pendingIn data: DataFolder) throws(StoreError) {
        do { try addPending(of: WriteAheadBuffer(folder: data.bufferFolder), behind: nil) } catch {
            throw StoreError(error, path: data.bufferFolder.path)
        }
    }

    /// Returns the current counters of a data folder, with or without a database.
    package static func current(in data: DataFolder) throws -> EventCounters {
        try StoreReader(data: data)?.eventCounters() ?? EventCounters(pendingIn: data)
    }

    private func times(_ item: RejectionCounters.Item) -> Int {
        (counts[.rejections(item)] ?? 0).saturatingSum(pendingRejections[item])
    }

    /// Adds the counts of the pending records of `buffer`: the records after each segment's position in `database`, or
    /// all records if `database` is nil. The function reads every pending record and stores nothing.
    package mutating func addPending(of buffer: WriteAheadBuffer, behind database: Database?) throws {
        var positions = try database.map { try BufferPositions(from: $0) } ?? BufferPositions()
        var chunk: [UInt8] = []
        for number in try buffer.segments() {
            guard let reader = try buffer.reader(of: number) else { continue }
            if let database { try positions.recall(reader, in: database) }
            let end = try reader.committedEnd() ?? reader.writtenEnd()
            var offset = positions.position(in: reader).offset
            while offset < end {
                try reader.read(into: &chunk, from: offset, upTo: end, limit: Limits.drainChunkBytes)
                let isLast = chunk.count < Limits.drainChunkBytes || offset + chunk.count == end
                let consumed = count(chunk.span, isLast: isLast)
                offset = isLast ? end : offset + consumed
            }
        }
    }

    /// Counts the records of a chunk. Returns the number of bytes that it processed.
    private mutating func count(_ chunk: Span<UInt8>, isLast: Bool) -> Int {
        var cursor = RecordCursor()
        while true {
            switch cursor.next(in: chunk, isLast: isLast) {
            case .record(let place):
                let payload = chunk.extracting(place)
                if EventRecord.isEvent(payload) {
                    pending += 1
                } else if let rejections = RejectionCounters(payload) {
                    pendingRejections.add(rejections)
                }
            case .gap: break
            case .needsMore, .end: return cursor.offset
            }
        }
    }
}
