/// How long what was appended has waited to be put on disk: as much of it a power cut would take.
struct FlushLatency {
    typealias Instant = ContinuousClock.Instant

    /// When the oldest append was made that no call covers yet.
    private var waiting: Instant?
    /// When the oldest was made that the call under way puts on disk.
    private var underWay: Instant?

    /// Something was appended.
    mutating func noteAppended(at now: @autoclosure () -> Instant) {
        if waiting == nil { waiting = now() }
    }

    /// A call begins that puts on disk all that was appended so far.
    mutating func begin() {
        underWay = waiting
        waiting = nil
    }

    /// The call has ended; where it failed there is nothing to wait for any more either.
    mutating func end() {
        underWay = nil
    }

    /// Whether all that was appended is on disk.
    var isEmpty: Bool { waiting == nil && underWay == nil }

    /// The age of the oldest append that is not on disk; zero when all are.
    func age(at now: Instant) -> Duration {
        (underWay ?? waiting).map { $0.duration(to: now) } ?? .zero
    }
}
