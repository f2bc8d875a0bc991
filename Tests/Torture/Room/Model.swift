import Foundation

/// What must be true of the data folder, kept beside the real programs: which events were sent, and which of them were
/// acknowledged. Every event has a number of its own.
struct Model {
    /// Must be stored, once.
    private(set) var acknowledged = IndexSet()
    /// May be stored, once: sent, and whatever became of it, nobody was told that it is safe.
    private(set) var sent = IndexSet()
    /// Written into the service's pipe, which acknowledges nothing: safe as soon as a flush has returned while that
    /// service lived on.
    private var inPipe = IndexSet()
    private var next = 1

    /// Numbers for `count` more events, which are about to be sent.
    mutating func take(_ count: Int) -> Range<Int> {
        defer { next += count }
        sent.insert(integersIn: next..<next + count)
        return next..<next + count
    }

    /// Takes note that all these are safe.
    mutating func acknowledge(_ numbers: some RangeExpression<Int>) {
        acknowledged.insert(integersIn: numbers)
    }

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

    /// One line of NDJSON for each of these events. Everything in it follows from the number.
    static func lines(_ numbers: Range<Int>) -> String {
        numbers.map { line($0) }.joined()
    }

    /// The event of this number, with its line break.
    static func line(_ number: Int) -> String {
        "{\"command\":\"make all --secret \(number)\",\"duration_ms\":\(number),\"success\":\(number % 7 != 0),"
            + "\"services_count\":\(number % 1000),\"workspace\":\"\(Room.workspace)\",\"task\":\"\(Room.task)\"}\n"
    }

    /// The same as flags of a recorder.
    static func flags(_ number: Int) -> [String] {
        [
            "--command", "make all --secret \(number)", "--duration-ms", "\(number)",
            number % 7 != 0 ? "--success" : "--failure", "--services", "\(number % 1000)",
            "--workspace", Room.workspace, "--task", Room.task,
        ]
    }

    /// An event without anything that is hashed or cut, so that nothing but events gets into the buffer.
    static func plainLine(_ number: Int) -> String {
        "{\"command\":\"make all\",\"duration_ms\":\(number),\"success\":\(number % 7 != 0)}\n"
    }
}
