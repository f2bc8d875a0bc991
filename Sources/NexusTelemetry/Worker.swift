import Core
import Intake
import SystemSupport
import WriteAheadBuffer

/// Takes what was recorded through intake into the write-ahead buffer, on a thread of its own: neither a slow disk nor
/// the hashing of names holds up a task of the program.
///
/// No call waits in the middle of its work, so the actor lets one drain pass after the other and needs no state for
/// what is under way.
actor Worker {
    private let executor = ThreadExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let queue: EventQueue
    private let appender: SegmentAppender
    private let isDurable: Bool
    /// Is told of what was appended and need not be on disk at once.
    let flusher: SegmentFlusher
    private let data: DataFolder
    private let session: String
    /// Nil as long as recording was never on: until then nothing is made, no key either.
    private var intake: EventIntake?
    private var policy: RecordingPolicyCache
    private var parsed = ParsedEvent()
    /// The half of the double buffer that is the worker's.
    private var half: [UInt8]
    /// What is to be appended. It stays until that has succeeded, and nothing more is taken before.
    private var batch = RecordBatch()
    /// Why nothing is appended any more: a batch was written and could not be put on disk.
    private var failure: TelemetryError?

    /// Makes the data folder and the key where there are none, unless recording is off.
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

    /// Returns once all that was recorded before is in the buffer on disk. While recording is off it is thrown away.
    func drain() throws(TelemetryError) {
        if let failure { throw failure }
        try appendBatch()
        // Before anything is taken: what cannot be hashed stays where it is.
        let isOn = policy.isOpen()
        if isOn { try prepareIntake() }
        let taken = queue.take(exchanging: &half)
        guard isOn else { return discard(taken) }
        admit(taken)
        try appendBatch()
    }

    /// Makes the intake where there is none yet, and has it use the key and the naming rules that the data folder has now.
    private func prepareIntake() throws(TelemetryError) {
        do throws(HashKeyError) {
            if intake == nil { intake = try EventIntake(data: data, session: session) }
            try intake?.refresh()
        } catch  where error.isOff {
            // Switched off a moment ago; the appender will say so.
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

    /// Runs what was taken through intake.
    private func admit(_ taken: PendingEvents.Taken) {
        guard var intake = intake.take() else { return discard(taken) }
        defer { self.intake = intake }
        var position = 0
        while position < taken.used {
            position = PackedEvent.read(half.span, at: position, into: &parsed)
            // Intake counts what it refuses; the rejection below says why.
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
                // Whoever drains may have stored it, so it must not be appended again; and such a disk is not to be trusted
                // with the next one either.
                queue.countWritten(batch.eventCount)
                batch.removeAll()
                failure = error
                // Whoever waits for room would wait for ever.
                queue.close()
            }
            throw error
        }
        batch.removeAll()
    }
}

/// How the recording threads wake the worker: rarely. The first event after a pause starts a short wait in which others
/// come together; a half that is half full ends the wait at once. An event between the two wakes no thread.
struct WorkerSignals: Sendable {
    /// How long to wait before the worker is woken. Holds one element at most.
    private let delays: AsyncStream<Duration>
    private let delayed: AsyncStream<Duration>.Continuation
    /// The worker has to come. Holds one element at most.
    let wakeUps: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// How long the worker waits after a failed append before it tries again: a full disk is not soon mended.
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

    /// Asks for another try after a failure.
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
