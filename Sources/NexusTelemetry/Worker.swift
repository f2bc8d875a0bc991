import Core
import Intake
import SystemSupport
import WriteAheadBuffer

/// Passes recorded events through intake into the write-ahead buffer. The worker has its own thread, so that neither a
/// slow disk nor the hashing of names blocks a task of the program.
///
/// No method suspends during its work. Therefore drains run one after the other, and the actor needs no state for a
/// drain in progress.
actor Worker {
    private let executor = ThreadExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let queue: EventQueue
    private let appender: SegmentAppender
    private let isDurable: Bool
    /// Calls fsync for the appends that were made without an immediate fsync. The worker notifies it of such appends.
    let flusher: SegmentFlusher
    private let data: DataFolder
    private let session: String
    /// Nil until recording is on for the first time. Until then the worker creates no file, not even the key.
    private var intake: EventIntake?
    private var policy: RecordingPolicyCache
    private var parsed = ParsedEvent()
    /// The worker's half of the double buffer.
    private var half: [UInt8]
    /// The records to append. They stay here until an append succeeds. Until then the worker takes no further events.
    private var batch = RecordBatch()
    /// The error after which the worker stopped appending, because it is unknown whether the last batch is in the
    /// buffer. Nil if the worker has not stopped.
    private var failure: TelemetryError?

    /// Creates the data folder and the key if they do not exist, unless recording is off.
    init(queue: EventQueue, data: DataFolder, session: String, durable: Bool) throws(TelemetryError) {
        self.queue = queue
        self.data = data
        self.session = session
        policy = RecordingPolicyCache(data)
        let buffer = WriteAheadBuffer(folder: data.bufferFolder)
        appender = SegmentAppender(buffer: buffer)
        flusher = SegmentFlusher(buffer: buffer)
        isDurable = durable
        half = [UInt8](repeating: 0, count: queue.capacity)
        switch policy.look() {
        case .success(.off): break
        case .failure(let error): throw TelemetryError(error)
        case .success(.on):
            do throws(HashKeyError) {
                intake = try EventIntake(data: data, session: session)
            } catch {
                throw TelemetryError(error)
            }
        }
    }

    /// Writes all events that were recorded before the call to the buffer on disk. If recording is off, the events are
    /// discarded instead.
    func drain() throws(TelemetryError) {
        if let failure { throw failure }
        try appendBatch()
        // The intake is prepared before `take`, so that events stay in the queue if the key cannot be read.
        let isOn = policy.isOpen()
        if isOn { try prepareIntake() }
        let taken = queue.take(exchanging: &half)
        guard isOn else { return discard(taken) }
        admit(taken)
        try appendBatch()
    }

    /// Creates the intake if there is none yet, and updates its key and naming rules from the data folder.
    private func prepareIntake() throws(TelemetryError) {
        do throws(HashKeyError) {
            if intake == nil { intake = try EventIntake(data: data, session: session) }
            try intake?.refresh()
        } catch  where error.isOff {
            // Recording has just been switched off, and there is no intake yet. Therefore `admit` discards the events.
        } catch {
            throw TelemetryError(error)
        }
    }

    private func discard(_ taken: PendingEvents.Taken) {
        var events = 0
        var position = 0
        while position < taken.used {
            position = PackedEvent.read(half.span, at: position, into: &parsed)
            events += 1
        }
        queue.countDiscarded(events)
    }

    /// Passes taken events through intake.
    private func admit(_ taken: PendingEvents.Taken) {
        guard var intake = intake.take() else { return discard(taken) }
        defer { self.intake = intake }
        var position = 0
        while position < taken.used {
            position = PackedEvent.read(half.span, at: position, into: &parsed)
            // Intake counts the events that it rejects. `takeRejections` below returns the counts.
            try? intake.accept(parsed, in: half.span) { batch.append($0) }
        }
        var rejections = intake.takeRejections() ?? RejectionCounters()
        queue.countRejected(rejections)
        rejections.count(.droppedEvent, times: taken.drops)
        if !rejections.isEmpty { batch.append(rejections.encoded().span) }
    }

    private func appendBatch() throws(TelemetryError) {
        guard !batch.isEmpty else { return }
        do throws(BufferError) {
            _ = try appender.append(batch.bytes.span, durable: isDurable)
            if !isDurable { flusher.noteAppended() }
            queue.countWritten(batch.eventCount)
        } catch  where error.isOff {
            queue.countDiscarded(batch.eventCount)
        } catch {
            let error = TelemetryError(error)
            if appender.hasUncertainBatch {
                // Another process may have moved the batch from the buffer to the database, so the batch must not be
                // appended again. After such a failure the disk is not safe for the next batch either.
                queue.countWritten(batch.eventCount)
                batch.removeAll()
                failure = error
                // A task that waits for capacity would otherwise wait forever.
                queue.close()
            }
            throw error
        }
        batch.removeAll()
    }
}

/// Wakes the worker on behalf of the recording threads, as rarely as possible. The first event in an empty queue starts
/// a short delay, during which further events may arrive. The event that fills half of the capacity wakes the worker
/// immediately. Events between these two wake no thread.
struct WorkerSignals: Sendable {
    /// Delays after which the worker is woken. The stream holds at most one element.
    private let delays: AsyncStream<Duration>
    private let delayed: AsyncStream<Duration>.Continuation
    /// Wake-ups of the worker. The stream holds at most one element.
    let wakeUps: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// Delay between a failed append and the next attempt. A full disk rarely has free space sooner.
    private static let retryInterval: Duration = .seconds(1)

    init() {
        (delays, delayed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (wakeUps, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func send(_ signal: PendingEvents.Signal) {
        switch signal {
        case .none: break
        case .soon: delayed.yield(Limits.flushInterval)
        case .now: wake.yield()
        }
    }

    /// Requests another attempt after a failure.
    func retryLater() {
        delayed.yield(Self.retryInterval)
    }

    /// Wakes the worker after each delay, until the task is cancelled.
    func runTimer(clock: any Clock<Duration>) async {
        for await delay in delays {
            guard (try? await clock.sleep(for: delay)) != nil else { return }
            wake.yield()
        }
    }
}
