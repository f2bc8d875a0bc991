import EventModel
import Platform

/// Puts on disk what is appended to the buffer, a moment later and on a thread of its own, so that a power cut takes
/// little of what was only accepted. Nobody waits for it, and without appends nothing of it moves.
///
/// It serves everything that is appended, by this process or another: whoever knows of an append says so. A segment whose
/// call failed is not asked again, as a later success would prove nothing; it is taken up with the next segment.
package actor SegmentSynchronizer {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let buffer: WriteAheadBuffer
    /// Tells that something was appended. Holds one element at most.
    private let appends: AsyncStream<Void>
    private let appended: AsyncStream<Void>.Continuation
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
        appended.yield()
    }

    /// Puts on disk what was appended, at once or when an interval has passed since the last time, until the task is
    /// cancelled. `report` is told once of each segment that cannot be.
    package func run<Time: Clock>(
        every interval: Duration = Limits.synchronizationInterval, clock: Time = ContinuousClock(),
        report: @Sendable (BufferError) -> Void
    ) async where Time.Duration == Duration {
        var last = clock.now
        for await _ in appends {
            let rest = interval - last.duration(to: clock.now)
            // What is appended meanwhile comes along.
            if rest > .zero { guard (try? await clock.sleep(for: rest)) != nil else { return } }
            last = clock.now
            do { try synchronize() } catch { report(error) }
        }
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
        let segments = try buffer.segments()
        // At first nobody knows: within an interval not more than one segment is filled.
        let first = last?.segment ?? segments.suffix(2).first
        for segment in segments where segment >= first ?? segment {
            if let failed, segment <= failed { continue }
            do throws(SystemError) { try synchronize(segment) } catch {
                failed = segment
                throw .system(error)
            }
        }
    }

    private func synchronize(_ segment: WriteAheadBuffer.SegmentNumber) throws(SystemError) {
        let path = buffer.folder.path(of: segment.fileName)
        // Looked at before: what is appended from here on shows at the next look.
        guard let stamp = FileStamp(of: path) else { return }
        if let last, last == (segment, stamp) { return }
        let file: File
        // One that is gone was stored.
        do throws(SystemError) { file = try File(opening: path, .read) } catch  where error.isNotFound { return }
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
