package import Core
package import Database
import Intake
import Recording
package import SystemSupport
package import WriteAheadBuffer

/// Records a stream of NDJSON, and concurrently drains the buffer if no other process does.
///
///     input ─ InputReader ─ EventBatcher ─ write-ahead buffer ─ SQLiteWriter
///
/// The reader, the batcher's appends, the writer and the background fsync of the buffer each have their own thread.
/// The stream pauses when it is too far ahead of its own drain, and briefly when fsync stalls.
package struct StreamRecorder: Sendable {
    package struct Options: Sendable {
        /// Acknowledge only events that would survive a power cut.
        package var durable = false
        /// Reject lines with unknown keys or with values that look like a secret.
        package var strict = false

        package init() {}
    }

    /// The counters and the outcome of a stream.
    package struct Summary: Equatable, Sendable {
        /// The summary of an empty stream.
        package init() {}

        package internal(set) var accepted = 0
        package internal(set) var rejections = RejectionCounters()
        /// Events that arrived while recording was off and were discarded.
        package internal(set) var discarded = 0
        /// Events of this stream known to be in the database.
        package internal(set) var stored = 0
        package internal(set) var seconds = 0.0
        /// The reason why accepted events could not be stored; they wait in the buffer.
        package internal(set) var storeFailure: StoreError?
        /// Whether the stream's own drain has stored all waiting events.
        fileprivate var hasStoredAll = false
        /// The signal that ended the stream early.
        package internal(set) var signal: Int32?

        package var rejected: Int { rejections.rejected }
        /// Rejected events except those that the settings ignore.
        package var refused: Int { rejected - rejections[.rejected(.ignored)] }
        package var received: Int { accepted + rejected }
    }

    /// The reports of a running stream.
    package enum Progress: Sendable {
        /// A line was rejected.
        case rejected(line: Int, Rejection)
        /// Since the start, `events` events were appended to the buffer, `rejected` lines were rejected, and `bytes`
        /// bytes were read.
        case accepted(events: Int, rejected: Int, bytes: Int)
        /// The background fsync of accepted events failed: a power cut may lose them.
        case notOnDisk(BufferError)
    }

    /// After this time without events the stream's drain closes the database.
    private static let quietTime: Duration = .milliseconds(200)

    private let data: DataFolder
    private let options: Options

    package init(data: DataFolder, options: Options) {
        self.data = data
        self.options = options
    }

    /// Reads `input` to its end, or until a signal requests a stop.
    package func record(
        _ input: consuming File, signals: consuming StopSignals?, report: @escaping @Sendable (Progress) -> Void
    ) async throws -> Summary {
        let start = SystemClock.monotonicNanoseconds()
        let session = await SessionManager().current()
        let intake = InputReader(
            input: input, signals: signals,
            intake: try EventIntake(data: data, session: session, strict: options.strict))
        let buffer = WriteAheadBuffer(folder: data.bufferFolder)
        let flusher = SegmentFlusher(buffer: buffer)
        let appender = BufferAppender(buffer: buffer, durable: options.durable, flusher: flusher)
        let batcher = EventBatcher(appender: appender)
        var summary = try await flusher.run {
            report(.notOnDisk($0))
        } during: {
            try await record(from: intake, through: batcher, synchronizing: flusher, report: report)
        }
        summary.stored = try await storedEvents(of: summary)
        summary.seconds = Double(SystemClock.monotonicNanoseconds() - start) / 1e9
        return summary
    }

    /// Runs all parts concurrently, to the end of the input and of the drain.
    private func record(
        from intake: InputReader, through batcher: EventBatcher, synchronizing flusher: SegmentFlusher,
        report: @escaping @Sendable (Progress) -> Void
    ) async throws -> Summary {
        let backlog = StreamBacklog()
        return try await withThrowingTaskGroup(of: Summary?.self) { group in
            group.addTask {
                await batcher.flushByTime()
                return nil
            }
            group.addTask {
                try await pump(from: intake, through: batcher, ahead: backlog, flusher, report: report)
            }
            async let drained = drain(backlog)
            var summary = Summary()
            for try await result in group {
                if let result { summary = result }
            }
            (summary.hasStoredAll, summary.storeFailure) = await drained
            return summary
        }
    }

    /// Drains until the stream has ended. If the database fails, the drain ends and recording continues without it.
    private func drain(_ backlog: StreamBacklog) async -> (hasStoredAll: Bool, failure: StoreError?) {
        let result: (Bool, StoreError?)
        do {
            let loop = DrainLoop(
                data: data, quietTime: Self.quietTime, closesWhenQuiet: true, observer: backlog)
            result = (try await loop.run(backlog.wakeUps) { backlog.wake() }, nil)
        } catch {
            result = (false, StoreError(error, path: data.databasePath))
        }
        await backlog.end()
        return result
    }

    /// Decodes, batches and acknowledges one chunk after the other. Pauses if the drain or fsync is too far behind.
    private func pump(
        from intake: InputReader, through batcher: EventBatcher, ahead backlog: StreamBacklog,
        _ flusher: SegmentFlusher, report: @Sendable (Progress) -> Void
    ) async throws -> Summary {
        var summary = Summary()
        var bytes = 0
        var isLast = false
        var isNoticed = false
        while !isLast {
            let step = try await intake.next()
            let chunk = step.chunk
            for (line, rejection) in chunk.rejected where !rejection.isWanted {
                report(.rejected(line: line, rejection))
            }
            if chunk.hasEmptiedCommand, !isNoticed {
                EmptiedCommandNotice.show()
                isNoticed = true
            }
            isLast = step.isLast
            if try await batcher.record(chunk.batch) {
                summary.accepted += chunk.batch.eventCount
                summary.rejections.add(chunk.rejections)
            } else {
                summary.discarded += chunk.batch.eventCount
            }
            bytes += step.bytes
            if case .signal(let number) = step.kind { summary.signal = number }
            report(.accepted(events: summary.accepted, rejected: summary.rejected, bytes: bytes))
            await backlog.keepUp(with: summary.accepted)
            await flusher.keepUp()
        }
        await batcher.finish()
        backlog.finish()
        return summary
    }

    /// Returns the number of this stream's events that are stored. If the stream's own drain has stored all events,
    /// all accepted events are stored. Otherwise this call drains once more, unless the database has failed. If events
    /// remain in the buffer, this call assumes that all of them are of this stream.
    private func storedEvents(of summary: Summary) async throws -> Int {
        guard summary.storeFailure == nil else {
            let pending = (try? StoreReader(data: data)?.eventCounters().pending) ?? summary.accepted
            return max(0, summary.accepted - pending)
        }
        if summary.hasStoredAll { return summary.accepted }
        do {
            if try await Drainer(data: data).drainIfFree() != nil { return summary.accepted }
        } catch let error as StoreError where error.isBlocked {}
        let eventCounters = try EventCounters.current(in: data)
        return max(0, summary.accepted - eventCounters.pending)
    }
}
