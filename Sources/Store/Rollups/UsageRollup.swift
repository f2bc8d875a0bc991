import EventModel
import Foundation
import GRDB
import Platform

/// What was used, how often, how it went and how long it took: counted for a transaction, and then added to the table
/// `usage_rollup`.
struct UsageRollup {
    private var pending = PendingCells()
    private var names = RollupNames()
    /// Of the last event: the next is most often in the same quarter of an hour.
    private var slot: Int64 = .min
    private var day: Int64 = 0

    /// Takes one event. Texts are empty where the event has none.
    mutating func observe(
        _ event: EventRecord, _ payload: Span<UInt8>, in database: Database
    ) throws {
        try observe(
            EventNumbers(
                timestamp: event.timestamp, durationMS: event.durationMS, success: event.success,
                servicesCount: event.servicesCount, portsUsed: event.portsUsed),
            type: payload.extracting(event.eventType), workspace: payload.extracting(event.workspaceHash),
            task: payload.extracting(event.taskHash), command: payload.extracting(event.command),
            category: payload.extracting(event.errorCategory), template: payload.extracting(event.templateUsed),
            in: database)
    }

    /// The same for an event whose parts are at hand.
    mutating func observe(
        _ event: EventNumbers, type: Span<UInt8>, workspace: Span<UInt8>, task: Span<UInt8>, command: Span<UInt8>,
        category: Span<UInt8>, template: Span<UInt8>, in database: Database
    ) throws {
        let slot = RollupSlot.containing(event.timestamp)
        if slot != self.slot {
            self.slot = slot
            day = slot / RollupGrain.slotsPerDay
        }
        var numbers = RollupNumbers()
        numbers.count = 1
        numbers.succeeded = event.success == true ? 1 : 0
        numbers.failed = event.success == false ? 1 : 0
        numbers.totalMS = max(0, event.durationMS ?? 0)
        let bucket = event.durationMS.map { LatencyScale.bucket(of: $0) }

        count(.eventType, RollupKey(try names.number(of: .eventType, type, in: database)), numbers)
        if !workspace.isEmpty {
            count(.workspace, RollupKey(try names.number(of: .workspace, workspace, in: database)), numbers)
        }
        if !task.isEmpty { count(.task, RollupKey(try names.number(of: .task, task, in: database)), numbers) }
        let command = try names.number(of: .command, command, in: database)
        let category = try names.number(of: .errorCategory, category, in: database)
        let template = try names.number(of: .template, template, in: database)
        if command != 0 { count(.command, RollupKey(command), numbers, bucket) }
        if category != 0 { count(.errorCategory, RollupKey(category), numbers) }
        if template != 0 { count(.template, RollupKey(template), numbers) }
        if let services = event.servicesCount { count(.services, RollupKey(services), numbers) }
        if let ports = event.portsUsed { count(.ports, RollupKey(ports), numbers) }
        if event.success == false {
            var times = numbers
            times.firstMS = max(0, event.timestamp)
            times.lastMS = times.firstMS
            count(.failure, RollupKey(command, category), times)
        }
        if command != 0 {
            if template != 0 { countByDay(.commandTemplate, RollupKey(command, template), numbers, bucket) }
            if let services = event.servicesCount {
                countByDay(.commandServices, RollupKey(command, services), numbers, bucket)
            }
            if let ports = event.portsUsed { countByDay(.commandPorts, RollupKey(command, ports), numbers, bucket) }
        }
    }

    /// Adds what was counted to the table and starts afresh.
    mutating func flush(into database: Database) throws {
        guard !pending.isEmpty else { return }
        let (slots, slotBuckets) = pending.changes(of: .slot)
        try RollupTable.add(slots, slotBuckets, in: database)
        let (days, dayBuckets) = pending.byDay().changes(of: .day)
        try RollupTable.add(days, dayBuckets, in: database)
        pending.removeAll()
        names.forgetIfMany()
    }

    /// Forgets what was not written, and what it remembers: the transaction was taken back.
    mutating func abandon() {
        pending.removeAll()
        names.forget()
    }

    // MARK: Counting

    private mutating func count(
        _ kind: RollupKind, _ key: RollupKey, _ numbers: RollupNumbers, _ bucket: Int? = nil
    ) {
        add(RollupBlockID(.slot, slot, kind, group: key.group), key, numbers, bucket)
    }

    private mutating func countByDay(
        _ kind: RollupKind, _ key: RollupKey, _ numbers: RollupNumbers, _ bucket: Int? = nil
    ) {
        add(RollupBlockID(.day, day, kind, group: key.group), key, numbers, bucket)
    }

    @inline(__always)
    private mutating func add(_ block: RollupBlockID, _ key: RollupKey, _ numbers: RollupNumbers, _ bucket: Int?) {
        let index = pending.index(of: block, key)
        pending.add(numbers, to: index)
        if let bucket { pending.add(bucket: bucket, to: index) }
    }
}

/// The rows of `usage_rollup`.
enum RollupTable {
    /// Adds changes, in order of their blocks and keys, whose buckets stand in `buckets`.
    static func add(
        _ changes: [(block: RollupBlockID, change: RollupChange)], _ buckets: [BucketCount], in database: Database
    ) throws {
        let old = try database.cachedStatement(sql: "SELECT cells FROM usage_rollup WHERE id = ?")
        let write = try database.cachedStatement(sql: "INSERT OR REPLACE INTO usage_rollup VALUES (?, ?)")
        let list = changes.map(\.change)
        var start = 0
        while start < changes.count {
            let block = changes[start].block
            var end = start + 1
            while end < changes.count, changes[end].block == block { end += 1 }
            guard let kind = block.kind else { preconditionFailure("only known kinds are counted") }
            let bytes = try Data.fetchOne(old, arguments: [block.value]).map { Array($0) } ?? []
            let merged: [UInt8]?
            do {
                merged = try RollupMerge.adding(list[start..<end], buckets, to: bytes.span, of: kind)
            } catch {
                // Somebody changed it. Events must go in all the same: it starts afresh, and the recount shows that.
                let nothing: [UInt8] = []
                merged = try RollupMerge.adding(list[start..<end], buckets, to: nothing.span, of: kind)
            }
            if let merged {
                try write.execute(arguments: [block.value, Data(merged)])
            } else {
                try database.execute(sql: "DELETE FROM usage_rollup WHERE id = ?", arguments: [block.value])
            }
            start = end
        }
    }
}
