import Core
import Synchronization
import SystemSupport

/// Synchronizes appended records to disk, shortly after the append and on its own thread. A power failure therefore
/// loses little accepted data. Without appends the flusher is idle. `keepUp` blocks its callers only while fsync
/// stalls, because a power failure would lose all records that were accepted during the stall.
///
/// The flusher synchronizes the appends of every process. The caller reports the appends that it knows of
/// (`noteAppended`). If the fsync of a segment fails, the flusher does not retry it, because a later success would
/// prove nothing. It continues with the next segment.
package actor SegmentFlusher {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let buffer: WriteAheadBuffer
    /// Notifies `run` of an append. Holds at most one element.
    private let appends: AsyncStream<Void>
    private let appended: AsyncStream<Void>.Continuation
    private let lag = Mutex(FlushLatency())
    /// The segment that was synchronized last, and its stamp just before that fsync.
    private var last: (segment: WriteAheadBuffer.SegmentNumber, stamp: FileStamp)?
    /// The newest segment whose fsync failed.
    private var failed: WriteAheadBuffer.SegmentNumber?
    /// The number of successful fsyncs of a segment.
    package private(set) var count = 0

    package init(buffer: WriteAheadBuffer) {
        self.buffer = buffer
        (appends, appended) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Notes an append, by any process.
    package nonisolated func noteAppended() {
        lag.withLock { $0.noteAppended(at: .now) }
        appended.yield()
    }

    /// Whether fsync stalls: an append has waited for it longer than `Limits.longestWaitForDisk`.
    package nonisolated var isBehind: Bool {
        lag.withLock { $0.age(at: .now) > Limits.longestWaitForDisk }
    }

    /// Waits while fsync stalls, at most `Limits.longestThrottle`. Call it before accepting further records.
    package nonisolated func keepUp() async {
        let deadline = ContinuousClock.now + Limits.longestThrottle
        while isBehind, ContinuousClock.now < deadline {
            guard (try? await Task.sleep(for: Limits.pollInterval)) != nil else { return }
        }
    }

    /// Synchronizes appended records until the task is cancelled. Two synchronizations are at least `interval` apart.
    /// After the cancellation, synchronizes the appends that are still pending. Calls `report` with the error of each
    /// failed synchronization.
    package func run<Time: Clock>(
        every interval: Duration = Limits.synchronizationInterval, clock: Time = ContinuousClock(),
        report: @Sendable (BufferError) -> Void
    ) async where Time.Duration == Duration {
        var last = clock.now
        for await _ in appends {
            let rest = interval - last.duration(to: clock.now)
            // The next synchronization includes the appends during this wait.
            if rest > .zero { guard (try? await clock.sleep(for: rest)) != nil else { break } }
            last = clock.now
            do { try synchronize() } catch { report(error) }
        }
        fsyncData(report: report)
    }

    /// Synchronizes pending appends, if there are any. After an orderly exit, a power failure therefore loses no
    /// record.
    package func fsyncData(report: (BufferError) -> Void) {
        guard lag.withLock({ !$0.isEmpty }) else { return }
        do { try synchronize() } catch { report(error) }
    }

    /// Runs `work`, and synchronizes appended records concurrently until `work` ends.
    package nonisolated func run<Value: Sendable>(
        report: @escaping @Sendable (BufferError) -> Void, during work: () async throws -> Value
    ) async rethrows -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.run(report: report) }
            defer { group.cancelAll() }
            return try await work()
        }
    }

    /// Synchronizes the segments that may have new records. Appenders write to the newest segment. Therefore only the
    /// segment that was the newest in the previous call, and all segments after it, may have new records.
    private func synchronize() throws(BufferError) {
        lag.withLock { $0.begin() }
        defer { lag.withLock { $0.end() } }
        let segments = try buffer.segments()
        // Before the first call no segment was synchronized. At most one segment becomes full within an interval, so
        // the two newest segments suffice.
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
        // The stamp is read before the fsync. If records are appended after that, the next call finds another stamp.
        guard let stamp = FileStamp(of: path) else { return }
        if let last, last == (segment, stamp) { return }
        let file: File
        // If the segment is missing, a drain has stored and removed it.
        do throws(SystemError) { file = try File(opening: path, [.read, .regular]) } catch  where error.isNotFound {
            return
        }
        try file.synchronizeData()
        if last?.segment != segment {
            // The name of this segment may be new, because the last fsync was for another segment. The fsync of the
            // folders puts the name on disk.
            try buffer.folder.synchronize()
            try buffer.folder.parent.synchronize()
        }
        last = (segment, stamp)
        count += 1
    }
}

/// Measures how long appended records have waited for an fsync. A power failure would lose the records of that time.
struct FlushLatency {
    typealias Instant = ContinuousClock.Instant

    /// The time of the oldest append that no fsync covers yet.
    private var waiting: Instant?
    /// The time of the oldest append that the fsync in progress covers.
    private var underWay: Instant?

    mutating func noteAppended(at now: @autoclosure () -> Instant) {
        if waiting == nil { waiting = now() }
    }

    /// Notes the start of an fsync. The fsync covers all appends so far.
    mutating func begin() {
        underWay = waiting
        waiting = nil
    }

    /// Notes the end of the fsync. Its appends no longer wait, even after a failure, because a failed fsync is not
    /// retried.
    mutating func end() {
        underWay = nil
    }

    /// Whether no append waits for an fsync.
    var isEmpty: Bool { waiting == nil && underWay == nil }

    /// Returns the age of the oldest append that is not on disk; zero if no append waits for an fsync.
    func age(at now: Instant) -> Duration {
        (underWay ?? waiting).map { $0.duration(to: now) } ?? .zero
    }
}
