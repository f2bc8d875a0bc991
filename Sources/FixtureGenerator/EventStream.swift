import SystemSupport

/// Merges the events of all planned sessions into one stream in order of time.
///
/// No session runs past midnight. The days are therefore merged one after the other, with only one day in memory.
struct EventStream {
    /// Plans the sessions of the stream.
    let planner: SessionPlanner
    /// The names that the sessions draw from.
    let catalogue: Catalogue

    /// Writes every event.
    func write(to writer: inout LineWriter) throws(SystemError) {
        var pair = 0
        for day in planner.firstDay..<planner.firstDay + planner.days {
            var plans: [SessionPlan] = []
            while pair < planner.pairs, planner.day(ofPair: pair) == day {
                planner.appendPlans(ofPair: pair, to: &plans)
                pair += 1
            }
            try writeDay(plans, to: &writer)
        }
    }

    private func writeDay(_ plans: [SessionPlan], to writer: inout LineWriter) throws(SystemError) {
        var sessions = plans.map { Session(plan: $0, seed: planner.seed, catalogue: catalogue) }
        var queue = SessionQueue(
            sessions.indices.map { SessionQueue.Entry(millisecond: sessions[$0].millisecond, session: $0) }
        )
        while let session = queue.first?.session {
            try writer.write(sessions[session].next(from: catalogue))
            if sessions[session].remaining > 0 {
                queue.delayFirst(until: sessions[session].millisecond)
            } else {
                queue.removeFirst()
            }
        }
    }
}

/// A binary heap of the running sessions; the session with the earliest next event is first.
struct SessionQueue {
    /// One running session.
    struct Entry {
        /// The time of the session's next event within the day, in milliseconds.
        var millisecond: Int
        /// The session's index among the sessions of the day. The index decides the order of entries with equal times.
        let session: Int

        /// Returns whether this entry comes before another entry.
        func precedes(_ other: Entry) -> Bool {
            millisecond == other.millisecond ? session < other.session : millisecond < other.millisecond
        }
    }

    private var entries: [Entry]

    /// Creates a queue of the given entries, which may be in any order.
    init(_ entries: [Entry]) {
        self.entries = entries
        for place in (0..<entries.count / 2).reversed() {
            sink(from: place)
        }
    }

    /// The entry with the earliest next event.
    var first: Entry? { entries.first }

    /// Gives the first entry a later time. Another entry may become the first.
    mutating func delayFirst(until millisecond: Int) {
        entries[0].millisecond = millisecond
        sink(from: 0)
    }

    mutating func removeFirst() {
        let last = entries.removeLast()
        guard !entries.isEmpty else { return }
        entries[0] = last
        sink(from: 0)
    }

    private mutating func sink(from start: Int) {
        let moving = entries[start]
        var hole = start
        while true {
            var child = hole * 2 + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1].precedes(entries[child]) {
                child += 1
            }
            guard entries[child].precedes(moving) else { break }
            entries[hole] = entries[child]
            hole = child
        }
        entries[hole] = moving
    }
}
