import Core
import SystemSupport

/// Collects encoded events in a bounded ring and appends them to the write-ahead buffer, many at a time: when enough
/// have come together by count or bytes, when the oldest has waited long enough, or when somebody asks.
///
/// A full ring is backpressure: `add` returns when there is room. What an append could not write stays in the ring, and
/// the error goes to whoever waits for it. After a batch that was written and could not be put on disk everybody gets
/// that error from then on: such a disk is not to be trusted with the next one either.
package actor EventBatcher {
    private var state = BatcherState()
    private let appender: BufferAppender
    /// Why nothing is taken any more.
    private var failure: BufferError?
    /// Tasks that wait for the flush under way; at most one a producer.
    private var waiting: [CheckedContinuation<Void, Never>] = []
    /// Tells the flush by time that the ring is no longer empty. Holds one element at most.
    private let arrivals: AsyncStream<Void>
    private let arrived: AsyncStream<Void>.Continuation

    /// Whether nothing is taken any more.
    package var isBroken: Bool { failure != nil }

    package init(appender: BufferAppender) {
        self.appender = appender
        (arrivals, arrived) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Puts a batch into the ring, and flushes when that makes a flush due. Accepted it is once a flush has returned.
    package func add(_ batch: RecordBatch) async throws(BufferError) {
        guard !batch.isEmpty else { return }
        while !state.hasRoom(for: batch) { try await flush() }
        state.add(batch)
        arrived.yield()
        if state.isDue { try await flush() }
    }

    /// Puts a batch into the ring and returns once it is in the buffer on disk: true. False when it was thrown away, as
    /// recording is off. When it throws, nothing of the batch was written and nothing will be, so that it may be sent again;
    /// unless the batcher is broken, of whose last batches nobody knows.
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
            // Another's flush may have taken it along, and been told in this one's place.
            return !state.wasDiscarded(number..<number + 1)
        } catch  where error.isOff {
            return false
        }
    }

    /// Returns once all that was added before is in the buffer on disk. Throws as well when recording is off; what was in
    /// the ring is then thrown away.
    package func flush() async throws(BufferError) {
        let last = state.added
        while state.written < last {
            if let failure { throw failure }
            guard let batch = state.beginFlush() else {
                // Another flush is under way; whether it succeeds shows in the state, which is looked at again.
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

    /// Flushes what has waited for `interval`, until the task is cancelled or `finish` was called. An append that fails
    /// is tried again an interval later; its error reaches the next `add` or `flush`.
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

    /// Ends `flushByTime`; what is in the ring stays for `flush`.
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

/// Appends to the write-ahead buffer on a thread of its own, so that a slow call holds up nobody but those who wait for its
/// end.
package actor BufferAppender {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let appender: SegmentAppender
    private let isDurable: Bool
    private let flusher: SegmentFlusher?

    /// With `durable` every append waits until it would survive a power cut; otherwise `flusher` is told of it.
    package init(buffer: WriteAheadBuffer, durable: Bool, flusher: SegmentFlusher? = nil) {
        appender = SegmentAppender(buffer: buffer)
        isDurable = durable
        self.flusher = flusher
    }

    /// What became of a batch.
    package enum Outcome: Sendable {
        case written
        /// Nothing of it was written; it may be tried again.
        case failed(BufferError)
        /// It was written and could not be put on disk: nobody may be told that it is safe, and it must not be written
        /// again, as whoever drains may have stored it.
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
