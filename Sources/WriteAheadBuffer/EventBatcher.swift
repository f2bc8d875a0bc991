import Core
import SystemSupport

/// Collects encoded records in a bounded ring and appends them to the write-ahead buffer in batches. A flush starts
/// when the ring has enough records or bytes, when a record has waited long enough, or when a caller requests it.
///
/// A full ring causes backpressure: `add` and `record` wait until the ring has capacity. Records that an append could
/// not write stay in the ring. Each waiting caller then tries the append itself. If that append fails too, the caller
/// throws the error of the append, and `record` withdraws its batch from the ring. If an append leaves the state of its
/// batch unknown, every later flush throws the error of that append. The disk is then no longer trusted.
package actor EventBatcher {
    private var state = BatcherState()
    private let appender: BufferAppender
    /// The error of an append that left the state of its batch unknown; every later flush throws it. Nil if there was
    /// no such append.
    private var failure: BufferError?
    /// Tasks that wait for the flush in progress; at most one for each producer.
    private var waiting: [CheckedContinuation<Void, Never>] = []
    /// Notifies the timed flush that the ring is no longer empty. Holds at most one element.
    private let arrivals: AsyncStream<Void>
    private let arrived: AsyncStream<Void>.Continuation

    /// Whether every later flush throws, because an append left the state of its batch unknown.
    package var isBroken: Bool { failure != nil }

    package init(appender: BufferAppender) {
        self.appender = appender
        (arrivals, arrived) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Adds a batch to the ring, and flushes if this batch makes a flush due. The batch counts as accepted once a later
    /// call of `flush` has returned.
    package func add(_ batch: RecordBatch) async throws(BufferError) {
        guard !batch.isEmpty else { return }
        while !state.hasRoom(for: batch) { try await flush() }
        state.add(batch)
        arrived.yield()
        if state.isDue { try await flush() }
    }

    /// Adds a batch to the ring and returns true once the batch is in the write-ahead buffer. Returns false if the
    /// batch was discarded because recording is off. If the call throws, no record of the batch is in the buffer or
    /// will be written later. The caller may therefore retry. If `isBroken` is true, however, some of the records may
    /// be in the buffer.
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

    /// Returns once all previously added batches are in the write-ahead buffer. If recording is off, this call discards
    /// the ring and throws. Another task that waits for the same flush then returns without an error.
    package func flush() async throws(BufferError) {
        let last = state.added
        while state.written < last {
            if let failure { throw failure }
            guard let batch = state.beginFlush() else {
                // Another flush is in progress. After its end, the loop checks again whether all batches are written.
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
    /// append is retried after another interval. The error is dropped here. If the failure persists, a later call of
    /// `add`, `record` or `flush` throws its error.
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

    /// Ends `flushByTime`. Batches in the ring stay there until a caller flushes them.
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

/// Appends to the write-ahead buffer on its own thread. A slow append therefore blocks only the callers that wait for
/// it.
package actor BufferAppender {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let appender: SegmentAppender
    private let isDurable: Bool
    private let flusher: SegmentFlusher?

    /// If `durable` is true, every append waits until its records survive a power failure. If it is false, every append
    /// notifies `flusher` instead.
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
        /// The batch was written, at least in part. Then the fsync failed, or the written part could not be removed.
        /// The batch must not be acknowledged. It must not be written again either, because the drain may have stored
        /// it.
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
