import Core
import Database

/// The counts of a transaction's events by day, combination and task (`RollupKind.combinationTask`).
///
/// Most events of a transaction have a key that no other event of the transaction has. Therefore the events are listed,
/// and sorted at the end of the transaction. A table with a counter for each key does not fit into the processor's
/// cache, and a look-up for each event would take several times as long as the sort.
struct TaskCombinationCounts {
    private struct Event {
        /// The index of the event's day in `days`.
        let day: UInt32
        /// The index of the event's combination in `CombinationNumbers`.
        let combination: UInt32
        /// The index of the event's task in its `RollupNames`.
        let task: UInt32
        let succeeded: UInt8
        let failed: UInt8
        let durationMS: Int64
    }

    private var events: [Event] = []
    /// The days of consecutive events, as numbers since 1970. A day occurs several times if events are out of order.
    private var days: [Int64] = []

    var isEmpty: Bool { events.isEmpty }

    mutating func removeAll() {
        events.removeAll(keepingCapacity: true)
        days.removeAll(keepingCapacity: true)
    }

    /// Counts an event. `combination` and `task` are indices.
    @inline(__always)
    mutating func count(_ event: UsageEvent, combination: Int, task: Int) {
        let day = event.slot / TimeBucket.perDay
        if days.last != day { days.append(day) }
        events.append(
            Event(
                day: UInt32(truncatingIfNeeded: days.count &- 1), combination: UInt32(combination), task: UInt32(task),
                succeeded: UInt8(event.succeeded), failed: UInt8(event.failed), durationMS: event.durationMS))
    }

    /// Returns the changes to write, ordered by block and key. `combinations` and `tasks` have the number of each
    /// index.
    func changes(combinations: [UInt32], tasks: [UInt32]) -> [RollupTable.Change] {
        var areCounted = [Bool](repeating: false, count: combinations.count)
        for event in events { areCounted[Int(event.combination)] = true }
        let counted = combinations.indices.filter { areCounted[$0] }
        var order = events.indices.map(UInt32.init)
        order = CountingSort.sorted(order, by: Ranks(tasks)) { events[Int($0)].task }
        order = CountingSort.sorted(order, by: Ranks(combinations, at: counted)) { events[Int($0)].combination }
        order = CountingSort.sorted(order, by: Ranks(days)) { events[Int($0)].day }
        var changes: [RollupTable.Change] = []
        changes.reserveCapacity(events.count)
        for index in order {
            let event = events[Int(index)]
            let key = RollupKey(combinations[Int(event.combination)], tasks[Int(event.task)])
            let block = RollupBlockID(.day, days[Int(event.day)], .combinationTask, group: key.group)
            let numbers = RollupNumbers(
                count: 1, succeeded: Int64(event.succeeded), failed: Int64(event.failed), totalMS: event.durationMS)
            if let last = changes.last, last.block == block, last.change.key == key {
                changes[changes.count - 1].change.numbers.add(numbers)
            } else {
                changes.append((block, RollupChange(key: key, numbers: numbers, buckets: 0..<0)))
            }
        }
        return changes
    }
}
