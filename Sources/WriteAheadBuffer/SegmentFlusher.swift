import Core
import Synchronization
import SystemSupport

/// Synchronizes appended records to disk, shortly after the append and on a thread of its own, so that a power failure
/// loses little accepted data. Without appends it is idle. Callers wait for it only while fsync stalls, because a power
/// failure would lose all records that were accepted during the stall.
///
/// It serves the appends of every process. The caller reports the appends that it knows of (`noteAppended`). A segment
/// whose fsync failed is not retried, as a later success would prove nothing; flushing resumes with the next segment.
package actor SegmentFlusher {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let buffer: WriteAheadBuffer
    /// Notifies `run` of an append. Holds at most one element.
    private let appends: AsyncStream<Void>
    private let appended: AsyncStream<Void>.Continuation
    private let lag = Mutex(FlushLatency())
    /// The newest segment that was synchronized, and its stamp at that time.
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

    /// Synchronizes appended records until the task is cancelled, and then once more. Two synchronizations before the
    /// cancellation are at least `interval` apart. `report` is called once for each segment whose fsync failed.
    package func run<Time: Clock>(
        every interval: Duration = Limits.synchronizationInterval, clock: Time = ContinuousClock(),
        report: @Sendable (BufferError) -> Void
    ) async where Time.Duration == Duration {
        var last = clock.now
        for await _ in appends {
            let rest = interval - last.duration(to: clock.now)
            // The synchronization includes appends during this wait.
            if rest > .zero { guard (try? await clock.sleep(for: rest)) != nil else { break } }
            last = clock.now
            do { try synchronize() } catch { report(error) }
        }
        fsyncData(report: report)
    }

    /// Synchronizes pending appends, if there are any, so that an orderly exit leaves nothing to lose in a power failure.
    package func fsyncData(report: (BufferError) -> Void) {
        guard lag.withLock({ !$0.isEmpty }) else { return }
        do { try synchronize() } catch { report(error) }
    }

    /// Runs `work` and, concurrently, `run`.
    package nonisolated func run<Value: Sendable>(
        report: @escaping @Sendable (BufferError) -> Void, during work: () async throws -> Value
    ) async rethrows -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.run(report: report) }
            defer { group.cancelAll() }
            return try await work()
        }
    }

    /// Synchronizes the segments that may have new records. Appenders write to the newest segment, so these are the
    /// newest segment of the last call and all later segments.
    private func synchronize() throws(BufferError) {
        lag.withLock { $0.begin() }
        defer { lag.withLock { $0.end() } }
        let segments = try buffer.segments()
        // On the first call the last segment is unknown. At most one segment is filled within an interval, so the last
        // two segments suffice.
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
        // The stamp is read before the fsync, so that later appends change it for the next call.
        guard let stamp = FileStamp(of: path) else { return }
        if let last, last == (segment, stamp) { return }
        let file: File
        // A missing segment was stored and removed.
        do throws(SystemError) { file = try File(opening: path, [.read, .regular]) } catch  where error.isNotFound {
            return
        }
        try file.synchronizeData()
        if last?.segment != segment {
            // The name of a segment that this flusher did not synchronize last may be new, so it is synchronized too.
            try buffer.folder.synchronize()
            try buffer.folder.parent.synchronize()
        }
        last = (segment, stamp)
        count += 1
    }
}

/// The time that appended records have waited for fsync. A power failure would lose the records of that time.
struct FlushLatency {
    typealias Instant = ContinuousClock.Instant

    /// The time of the oldest append that no fsync covers yet.
    private var waiting: Instant?
    /// The time of the oldest append that the fsync in progress covers.
    private var underWay: Instant?

    /// Notes an append.
    mutating func noteAppended(at now: @autoclosure () -> Instant) {
        if waiting == nil { waiting = now() }
    }

    /// Starts an fsync, which covers all appends so far.
    mutating func begin() {
        underWay = waiting
        waiting = nil
    }

    /// Ends the fsync. After a failed fsync there is nothing to wait for either, because it is not retried.
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
