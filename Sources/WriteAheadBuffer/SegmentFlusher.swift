import Core
import Synchronization
import SystemSupport

/// Puts on disk what is appended to the buffer, a moment later and on a thread of its own, so that a power cut takes
/// little of what was only accepted. Without appends nothing of it moves, and nobody waits for it but while the disk
/// hesitates: what is accepted meanwhile would be lost with the rest.
///
/// It serves everything that is appended, by this process or another: whoever knows of an append says so. A segment whose
/// call failed is not asked again, as a later success would prove nothing; it is taken up with the next segment.
package actor SegmentFlusher {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let buffer: WriteAheadBuffer
    /// Tells that something was appended. Holds one element at most.
    private let appends: AsyncStream<Void>
    private let appended: AsyncStream<Void>.Continuation
    private let lag = Mutex(FlushLatency())
    /// The newest segment that is on disk, and how it looked then.
    private var last: (segment: WriteAheadBuffer.SegmentNumber, stamp: FileStamp)?
    /// The newest segment that could not be put on disk.
    private var failed: WriteAheadBuffer.SegmentNumber?
    /// How often a segment was put on disk.
    package private(set) var count = 0

    package init(buffer: WriteAheadBuffer) {
        self.buffer = buffer
        (appends, appended) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Says that something was appended, by whomever.
    package nonisolated func noteAppended() {
        lag.withLock { $0.noteAppended(at: .now) }
        appended.yield()
    }

    /// Whether the disk hesitates: something has waited for it longer than `Limits.longestWaitForDisk`.
    package nonisolated var isBehind: Bool {
        lag.withLock { $0.age(at: .now) > Limits.longestWaitForDisk }
    }

    /// Waits for the disk while it hesitates, though no longer than `Limits.longestHoldUp`. To be called before more is
    /// accepted.
    package nonisolated func keepUp() async {
        let deadline = ContinuousClock.now + Limits.longestHoldUp
        while isBehind, ContinuousClock.now < deadline {
            guard (try? await Task.sleep(for: Limits.lookInterval)) != nil else { return }
        }
    }

    /// Puts on disk what was appended, at once or when an interval has passed since the last time, until the task is
    /// cancelled, and then once more. `report` is told once of each segment that cannot be.
    package func run<Time: Clock>(
        every interval: Duration = Limits.synchronizationInterval, clock: Time = ContinuousClock(),
        report: @Sendable (BufferError) -> Void
    ) async where Time.Duration == Duration {
        var last = clock.now
        for await _ in appends {
            let rest = interval - last.duration(to: clock.now)
            // What is appended meanwhile comes along.
            if rest > .zero { guard (try? await clock.sleep(for: rest)) != nil else { break } }
            last = clock.now
            do { try synchronize() } catch { report(error) }
        }
        fsyncData(report: report)
    }

    /// Puts on disk what still waits, if anything does: whoever ends in good order leaves nothing to a power cut.
    package func fsyncData(report: (BufferError) -> Void) {
        guard lag.withLock({ !$0.isEmpty }) else { return }
        do { try synchronize() } catch { report(error) }
    }

    /// Runs `work`, and all the while what `run` does.
    package nonisolated func run<Value: Sendable>(
        report: @escaping @Sendable (BufferError) -> Void, during work: () async throws -> Value
    ) async rethrows -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.run(report: report) }
            defer { group.cancelAll() }
            return try await work()
        }
    }

    /// Appenders write to the newest segment, so anything new stands in the one that was the newest last time, or behind.
    private func synchronize() throws(BufferError) {
        lag.withLock { $0.begin() }
        defer { lag.withLock { $0.end() } }
        let segments = try buffer.segments()
        // At first nobody knows: within an interval not more than one segment is filled.
        let first = last?.segment ?? segments.suffix(2).first
        var failure: SystemError?
        for segment in segments where segment >= first ?? segment {
            if let failed, segment <= failed { continue }
            do throws(SystemError) { try synchronize(segment) } catch {
                failed = segment
                failure = error
            }
        }
        if let failure { throw .system(failure) }
    }

    private func synchronize(_ segment: WriteAheadBuffer.SegmentNumber) throws(SystemError) {
        let path = buffer.folder.path(of: segment.fileName)
        // Looked at before: what is appended from here on shows at the next look.
        guard let stamp = FileStamp(of: path) else { return }
        if let last, last == (segment, stamp) { return }
        let file: File
        // One that is gone was stored.
        do throws(SystemError) { file = try File(opening: path, [.read, .regular]) } catch  where error.isNotFound {
            return
        }
        try file.synchronizeData()
        if last?.segment != segment {
            // Its name as well.
            try buffer.folder.synchronize()
            try buffer.folder.parent.synchronize()
        }
        last = (segment, stamp)
        count += 1
    }
}

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
