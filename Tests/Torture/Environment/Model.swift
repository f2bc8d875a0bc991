import Foundation

/// The expected content of the data folder: which events were sent, and which of them the programs acknowledged. Every
/// event has its own number.
struct Model {
    /// The events that must be stored exactly once.
    private(set) var acknowledged = IndexSet()
    /// All events that were sent. An event that was sent, but not acknowledged, may be stored at most once.
    private(set) var sent = IndexSet()
    /// The events in the service's pipe. The service does not acknowledge them. They must be stored if a flush returns
    /// before the service ends.
    private var inPipe = IndexSet()
    /// The events that must not be stored, because a purge removed them and no import brought them back.
    private(set) var removed = IndexSet()
    /// The events that a purge removed and an import brought back.
    private(set) var returned = IndexSet()
    /// The events of `nexus exec`.
    private(set) var execs = IndexSet()
    /// The times of events whose time is not the time of sending, by event number, in seconds since 1970.
    private(set) var times: [Int: Int] = [:]
    /// The maximum number of hash keys that have existed. One name may have one hash for each key.
    private(set) var keys = 1
    /// The number of days after which rows are removed; nil if rows are kept forever.
    private var retentionDays: Int?
    /// The number of the next event.
    private(set) var next = 1

    /// Returns the numbers of `count` new events, which the caller then sends.
    mutating func take(_ count: Int) -> Range<Int> {
        defer { next += count }
        sent.insert(integersIn: next..<next + count)
        return next..<next + count
    }

    /// Records that the programs acknowledged these events.
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

    /// Sets the time of events, which may be acknowledged already.
    mutating func note(time: Int, of numbers: Range<Int>) {
        for number in numbers { times[number] = time }
        acknowledged.subtract(expiring)
    }

    /// Whether old rows are removed.
    var hasRetention: Bool { retentionDays != nil }

    mutating func wroteIntoPipe(_ numbers: Range<Int>) {
        inPipe.insert(integersIn: numbers)
    }

    /// Records that the service was killed. The events that it had not read from its pipe are lost.
    mutating func pipeWasLost() {
        inPipe = IndexSet()
    }

    /// Records that a flush returned. It has stored the events that were in the pipe of a running service.
    mutating func flushed() {
        acknowledged.formUnion(inPipe)
        inPipe = IndexSet()
    }

    // MARK: Removal

    /// The events that may be in the buffer or in the tables: all events except those in the pipe.
    var recorded: IndexSet { sent.subtracting(inPipe) }

    /// Records that a purge removed these events.
    mutating func remove(_ numbers: IndexSet) {
        acknowledged.subtract(numbers)
        removed.formUnion(numbers)
    }

    /// Records that these events are stored after an import.
    mutating func bringBack(_ numbers: IndexSet) {
        returned.formUnion(numbers.intersection(removed))
        removed.subtract(numbers)
        acknowledged.formUnion(numbers)
        acknowledged.subtract(expiring)
    }

    /// Records that a command may have created a new hash key.
    mutating func noteNewKey() {
        keys += 1
    }

    /// Sets the retention. From now on, older rows may be removed at any time. If the retention becomes longer, rows
    /// that were removed do not come back.
    mutating func retain(days: Int?) {
        retentionDays = days
        acknowledged.subtract(expiring)
    }

    /// The events that retention may remove. It removes whole days, so events that are up to a day younger are
    /// included.
    private var expiring: IndexSet {
        guard let retentionDays else { return [] }
        let limit = Int(Date().timeIntervalSince1970) - (retentionDays - 1) * 86_400
        return IndexSet(times.filter { $0.value < limit }.keys)
    }

    // MARK: Events

    /// Returns one line of NDJSON for each of these events. The content of a line depends only on the number.
    static func lines(_ numbers: Range<Int>) -> String {
        numbers.map { line($0) }.joined()
    }

    /// Returns the line of NDJSON for an event, with its line break.
    static func line(_ number: Int) -> String {
        "{\"command\":\"make all --secret \(number)\",\"duration_ms\":\(number),\"success\":\(number % 7 != 0),"
            + "\"services_count\":\(number % 1000),\"workspace\":\"\(TestEnvironment.workspace)\",\"task\":\"\(TestEnvironment.task)\"}\n"
    }

    /// Returns the flags with which a recorder records the same event as from `line`.
    static func flags(_ number: Int) -> [String] {
        [
            "--command", "make all --secret \(number)", "--duration-ms", "\(number)",
            number % 7 != 0 ? "--success" : "--failure", "--services", "\(number % 1000)",
            "--workspace", TestEnvironment.workspace, "--task", TestEnvironment.task,
        ]
    }

    /// Returns a line for an event without values that the recorder hashes or truncates. The buffer then only contains
    /// events.
    static func plainLine(_ number: Int) -> String {
        "{\"command\":\"make all\",\"duration_ms\":\(number),\"success\":\(number % 7 != 0)}\n"
    }
}
