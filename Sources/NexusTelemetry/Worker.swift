import Core
import Intake
import SystemSupport
import WriteAheadBuffer

/// Passes recorded events through intake into the write-ahead buffer, on a thread of its own. Neither a slow disk nor the hashing
/// of names blocks a task of the program.
///
/// No call suspends during its work, so drains run one after the other, and the actor needs no state for a drain in progress.
actor Worker {
    private let executor = ThreadExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let queue: EventQueue
    private let appender: SegmentAppender
    private let isDurable: Bool
    /// Is notified of appends that need no immediate fsync.
    let flusher: SegmentFlusher
    private let data: DataFolder
    private let session: String
    /// Nil until recording is on for the first time. Until then the worker creates no file, not even the key.
    private var intake: EventIntake?
    private var policy: RecordingPolicyCache
    private var parsed = ParsedEvent()
    /// The worker's half of the double buffer.
    private var half: [UInt8]
    /// The records to append. They stay until an append succeeds. Until then the worker takes no further events.
    private var batch = RecordBatch()
    /// The reason why appending has stopped: the fsync of a written batch failed.
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

    /// Returns once all earlier events are in the buffer on disk. While recording is off they are discarded.
    func drain() throws(TelemetryError) {
        if let failure { throw failure }
        try appendBatch()
        // This comes before `take`, so that events stay in the queue while they cannot be hashed.
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
            // Recording has just been switched off; the appender will report it.
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
            // Intake counts events that it rejects; `takeRejections` below returns the reasons.
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
                // A drain may have stored the batch, so it must not be appended again. A disk whose fsync fails is not
                // safe for the next batch either.
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

/// Wakes the worker on behalf of the recording threads, as rarely as possible. The first event after a pause starts a
/// short delay, in which further events arrive. The event that fills half of the capacity ends the delay at once.
/// Events between these two wake no thread.
struct WorkerSignals: Sendable {
    /// Delays after which the worker is woken. Holds one element at most.
    private let delays: AsyncStream<Duration>
    private let delayed: AsyncStream<Duration>.Continuation
    /// Wake-ups of the worker. Holds one element at most.
    let wakeUps: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// Delay after a failed append before the next attempt: a full disk is rarely freed sooner.
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

    /// Turns delays into wake-ups, until the task is cancelled.
    func runTimer(clock: any Clock<Duration>) async {
        for await delay in delays {
            guard (try? await clock.sleep(for: delay)) != nil else { return }
            wake.yield()
        }
    }
}
