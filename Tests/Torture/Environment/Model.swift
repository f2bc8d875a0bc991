import Foundation

/// What must be true of the data folder, kept beside the real programs: which events were sent, and which of them were
/// acknowledged. Every event has a number of its own.
struct Model {
    /// Must be stored, once.
    private(set) var acknowledged = IndexSet()
    /// May be stored, once: sent, but not acknowledged, whatever happened to it.
    private(set) var sent = IndexSet()
    /// Written into the service's pipe, which acknowledges nothing: safe as soon as a flush has returned while that
    /// service lived on.
    private var inPipe = IndexSet()
    /// Must not be stored: a purge has removed them, and no import brought them back.
    private(set) var removed = IndexSet()
    /// Removed once and brought back by an import.
    private(set) var returned = IndexSet()
    /// Recorded by `nexus exec`.
    private(set) var execs = IndexSet()
    /// Events that were given a time of their own, and it, in seconds since 1970; all others happened as they were sent.
    private(set) var times: [Int: Int] = [:]
    /// How many keys there have been at most: as many hashes one name may have.
    private(set) var keys = 1
    /// For how many days rows are kept.
    private var retentionDays: Int?
    /// The number of the next event.
    private(set) var next = 1

    /// Numbers for `count` more events, which are about to be sent.
    mutating func take(_ count: Int) -> Range<Int> {
        defer { next += count }
        sent.insert(integersIn: next..<next + count)
        return next..<next + count
    }

    /// Takes note that all these are safe.
    mutating func acknowledge(_ numbers: some RangeExpression<Int>) {
        acknowledged.insert(integersIn: numbers)
        acknowledged.subtract(expiring)
    }

    mutating func noteExec(_ number: Int) {
        execs.insert(number)
    }

    mutating func note(time: Int, of number: Int) {
        times[number] = time
    }

    /// The same of events that were acknowledged already.
    mutating func note(time: Int, of numbers: Range<Int>) {
        for number in numbers { times[number] = time }
        acknowledged.subtract(expiring)
    }

    /// Whether rows are removed for their age.
    var hasRetention: Bool { retentionDays != nil }

    mutating func wroteIntoPipe(_ numbers: Range<Int>) {
        inPipe.insert(integersIn: numbers)
    }

    /// The service was killed: what it had not read is gone.
    mutating func pipeWasLost() {
        inPipe = IndexSet()
    }

    /// A flush returned: what stood in the pipe of a living service is stored.
    mutating func flushed() {
        acknowledged.formUnion(inPipe)
        inPipe = IndexSet()
    }

    // MARK: Removal

    /// What may be in the buffer or the tables: all but what stands in the pipe.
    var recorded: IndexSet { sent.subtracting(inPipe) }

    /// A purge has permanently removed all these.
    mutating func remove(_ numbers: IndexSet) {
        acknowledged.subtract(numbers)
        removed.formUnion(numbers)
    }

    /// An import has brought all these back, or found them there.
    mutating func bringBack(_ numbers: IndexSet) {
        returned.formUnion(numbers.intersection(removed))
        removed.subtract(numbers)
        acknowledged.formUnion(numbers)
        acknowledged.subtract(expiring)
    }

    /// A new key may have been made.
    mutating func noteNewKey() {
        keys += 1
    }

    /// From now on rows that are older may go at any time; those that are gone do not come back.
    mutating func retain(days: Int?) {
        retentionDays = days
        acknowledged.subtract(expiring)
    }

    /// What may be removed for its age. Whole days go, so what is nearly as old is counted among it.
    private var expiring: IndexSet {
        guard let retentionDays else { return [] }
        let limit = Int(Date().timeIntervalSince1970) - (retentionDays - 1) * 86_400
        return IndexSet(times.filter { $0.value < limit }.keys)
    }

    // MARK: Events

    /// One line of NDJSON for each of these events. Everything in it follows from the number.
    static func lines(_ numbers: Range<Int>) -> String {
        numbers.map { line($0) }.joined()
    }

    /// The event of this number, with its line break.
    static func line(_ number: Int) -> String {
        "{\"command\":\"make all --secret \(number)\",\"duration_ms\":\(number),\"success\":\(number % 7 != 0),"
            + "\"services_count\":\(number % 1000),\"workspace\":\"\(TestEnvironment.workspace)\",\"task\":\"\(TestEnvironment.task)\"}\n"
    }

    /// The same as flags of a recorder.
    static func flags(_ number: Int) -> [String] {
        [
            "--command", "make all --secret \(number)", "--duration-ms", "\(number)",
            number % 7 != 0 ? "--success" : "--failure", "--services", "\(number % 1000)",
            "--workspace", TestEnvironment.workspace, "--task", TestEnvironment.task,
        ]
    }

    /// An event without anything that is hashed or cut, so that nothing but events gets into the buffer.
    static func plainLine(_ number: Int) -> String {
        "{\"command\":\"make all\",\"duration_ms\":\(number),\"success\":\(number % 7 != 0)}\n"
    }
}
