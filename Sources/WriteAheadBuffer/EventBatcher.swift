import Core
import SystemSupport

/// Collects encoded events in a bounded ring and appends them to the write-ahead buffer in batches. A flush is due when the
/// count or bytes reach a limit, when the oldest event has waited long enough, or on request.
///
/// A full ring causes backpressure: `add` waits until the ring has capacity. Records that an append could not write
/// stay in the ring, and each waiting caller gets the error. If a batch was written and its fsync failed, every later
/// call throws that error, because the disk is no longer trusted.
package actor EventBatcher {
    private var state = BatcherState()
    private let appender: BufferAppender
    /// The error after which the batcher accepts no more batches; nil as long as it accepts them.
    private var failure: BufferError?
    /// Tasks that wait for the flush in progress; at most one for each producer.
    private var waiting: [CheckedContinuation<Void, Never>] = []
    /// Notifies the timed flush that the ring is no longer empty. Holds at most one element.
    private let arrivals: AsyncStream<Void>
    private let arrived: AsyncStream<Void>.Continuation

    /// Whether the batcher accepts no more batches.
    package var isBroken: Bool { failure != nil }

    package init(appender: BufferAppender) {
        self.appender = appender
        (arrivals, arrived) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Adds a batch to the ring, and flushes if this batch makes a flush due. The batch counts as accepted once a later
    /// `flush` has returned.
    package func add(_ batch: RecordBatch) async throws(BufferError) {
        guard !batch.isEmpty else { return }
        while !state.hasRoom(for: batch) { try await flush() }
        state.add(batch)
        arrived.yield()
        if state.isDue { try await flush() }
    }

    /// Adds a batch to the ring and returns true once it is in the buffer on disk. Returns false when it was discarded
    /// because recording is off. When it throws, no record of the batch was written or will be, so that the caller may retry.
    /// A broken batcher is the exception: the state of its last batches is unknown.
    package func record(_ batch: RecordBatch) async throws(BufferError) -> Bool {
        guard !batch.isEmpty else { return true }
        do throws(BufferError) {
            while !state.hasRoom(for: batch) { try await flush() }
            let number = state.added
            state.add(batch)
            arrived.yield()
            do throws(BufferError) { try await flush() } catch {
                if failure == nil { state.withdraw(number) }
                throw error
            }
            // Another task's flush may have discarded this batch. Only that task got the error.
            return !state.wasDiscarded(number..<number + 1)
        } catch  where error.isOff {
            return false
        }
    }

    /// Returns once all previously added batches are in the buffer on disk. Also throws when recording is off; the ring is
    /// then discarded.
    package func flush() async throws(BufferError) {
        let last = state.added
        while state.written < last {
            if let failure { throw failure }
            guard let batch = state.beginFlush() else {
                // Another flush is in progress. After its end, the loop checks the state again, which shows whether the
                // flush succeeded.
                await withCheckedContinuation { waiting.append($0) }
                continue
            }
            let outcome = batch.isEmpty ? .written : await appender.append(batch)
            state.endFlush(outcome.flushEnd)
            if case .uncertain(let error) = outcome { failure = error }
            for continuation in waiting { continuation.resume() }
            waiting.removeAll(keepingCapacity: true)
            if case .failed(let error) = outcome { throw error }
        }
    }

    /// Flushes batches that have waited for `interval`, until the task is cancelled or `finish` was called. A failed
    /// append is retried after another interval. Its error is dropped here; if the failure persists, a later call of
    /// `add`, `record` or `flush` throws it.
    package func flushByTime(
        every interval: Duration = Limits.flushInterval, clock: any Clock<Duration> = ContinuousClock()
    ) async {
        for await _ in arrivals {
            while !state.isEmpty, failure == nil {
                guard (try? await clock.sleep(for: interval)) != nil else { return }
                try? await flush()
            }
        }
    }

    /// Ends `flushByTime`. Batches in the ring stay there for `flush`.
    package func finish() {
        arrived.finish()
    }
}

extension BufferAppender.Outcome {
    fileprivate var flushEnd: BatcherState.FlushEnd {
        switch self {
        case .written: .written
        case .failed(let error): error.isOff ? .discarded : .failed
        case .uncertain: .failed
        }
    }
}

/// Appends to the write-ahead buffer on a thread of its own, so that a slow call blocks only the callers that wait for its
/// end.
package actor BufferAppender {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let appender: SegmentAppender
    private let isDurable: Bool
    private let flusher: SegmentFlusher?

    /// With `durable`, every append waits until its records survive a power failure. Otherwise every append notifies
    /// `flusher`.
    package init(buffer: WriteAheadBuffer, durable: Bool, flusher: SegmentFlusher? = nil) {
        appender = SegmentAppender(buffer: buffer)
        isDurable = durable
        self.flusher = flusher
    }

    /// The result of an append.
    package enum Outcome: Sendable {
        case written
        /// No record was written; the append may be retried.
        case failed(BufferError)
        /// The batch was written and its fsync failed. The batch must not be acknowledged. It must not be written again
        /// either, because the drain may have stored it.
        case uncertain(BufferError)
    }

    package func append(_ batch: RecordBatch) -> Outcome {
        do {
            _ = try appender.append(batch.bytes.span, durable: isDurable)
            if !isDurable { flusher?.noteAppended() }
            return .written
        } catch {
            return appender.hasUncertainBatch ? .uncertain(error) : .failed(error)
        }
    }
}
