import Application
import Core
import Intake
import Logging
import Recording
import ServiceLifecycle
import SystemSupport
import WriteAheadBuffer

/// Ingests lines that scripts write into the named pipe with a plain `printf`. It acknowledges nothing: lines in the pipe are
/// lost when the service is killed. A service that starts imports lines that were written to a plain file of the pipe's name
/// before.
///
/// Its thread also notices appends of other processes to the buffer: it waits for both, so that an idle service never wakes up.
struct PipeServer: Service {
    /// Pause after a short read from the pipe. Writes during it wake no thread, so that a script's `printf` costs a copy of its
    /// line and no more.
    private static let rest: Duration = .milliseconds(2)

    /// Pause before the next attempt when an append fails.
    private static let restAfterFailure: Duration = .milliseconds(200)

    private let waker: Waker
    private let intake: InputReader
    private let batcher: EventBatcher
    private let scheduler: DrainScheduler
    private let logger: Logger
    private let buffer: WriteAheadBuffer

    /// The pipe's write end, which stays usable when the pipe's name was removed.
    private final class Waker: Sendable {
        private let pipe: File

        init(_ path: String) throws(SystemError) { pipe = try NamedPipe.openForWriting(path) }

        /// Ends the read that waits for input, with an empty line, which is no event.
        func wakeReader() {
            // A full pipe has input already.
            try? pipe.write("\n")
        }
    }

    /// `pipe` is the one at `path`; other processes append to `buffer`.
    init(
        path: String, pipe: consuming File, intake: EventIntake, batcher: EventBatcher, buffer: WriteAheadBuffer,
        scheduler: DrainScheduler, logger: Logger
    ) throws(SystemError) {
        waker = try Waker(path)
        self.intake = InputReader(input: pipe, watch: try FolderWatch(buffer.folder), intake: intake)
        self.buffer = buffer
        self.batcher = batcher
        self.scheduler = scheduler
        self.logger = logger
    }

    func run() async throws {
        try await withGracefulShutdownHandler {
            // Lines in the pipe when the service is asked to stop are still ingested.
            var unread = Limits.pipeBytes
            var isLast = false
            var reported: String?
            while !isLast {
                let isStopping = Task.isShuttingDownGracefully
                if isStopping { waker.wakeReader() }
                guard let step = try await next() else {
                    scheduler.noticeChange()
                    continue
                }
                if isStopping {
                    unread -= step.bytes
                    // A read that did not fill its buffer has emptied the pipe.
                    isLast = step.bytes < Limits.inputChunkBytes || unread <= 0
                }
                // Events are discarded while recording is off.
                guard try await record(step.chunk.batch) else {
                    reportDamagedSettings(reported: &reported)
                    continue
                }
                // An empty line requests a drain.
                if step.chunk.isEmpty {
                    scheduler.askForDrain()
                } else {
                    scheduler.grow(by: step.chunk.batch.eventCount)
                }
                if !isStopping, step.bytes < Limits.inputChunkBytes { try? await Task.sleep(for: Self.rest) }
            }
        } onGracefulShutdown: {
            waker.wakeReader()
        }
    }

    /// Logs once that input is discarded because the settings cannot be read: programs that write into the pipe get no answer.
    private func reportDamagedSettings(reported: inout String?) {
        var problem: String?
        do throws(SettingsError) { _ = try RecordingPolicy.current(for: buffer.data) } catch {
            problem = error.description
        }
        if let problem, problem != reported { logger.error("\(problem); incoming events are discarded") }
        reported = problem
    }

    /// Returns the next input, or nil for a change of the folder. While there is no key to hash names with it reads nothing, and
    /// lines wait in the pipe. Throws `ServiceError.folderGone` when the folder was removed: no program finds this service any
    /// more, and another one may have replaced it.
    private func next() async throws -> InputReader.Step? {
        do {
            return try await retrying(unless: { !($0 is HashKeyError) }) { try await intake.nextOrChange() }
        } catch let error as SystemError where error.isNotFound {
            throw ServiceError.folderGone(buffer.folder.path)
        }
    }

    /// Appends a batch; false when it was discarded, as recording is off. The program that wrote it got no answer and cannot send
    /// it again, so failures are retried until the service ends. A batch that may be partly written is not retried.
    private func record(_ batch: RecordBatch) async throws -> Bool {
        try await retrying(unless: { _ in await batcher.isBroken }) { try await batcher.record(batch) }
    }

    /// Retries until it succeeds, the service ends or `isFinal`; logs the first failure.
    private func retrying<Value>(
        unless isFinal: (any Error) async -> Bool, _ work: () async throws -> Value
    ) async throws -> Value {
        var isReported = false
        while true {
            do {
                return try await work()
            } catch {
                guard !Task.isShuttingDownGracefully, !Task.isCancelled, await !isFinal(error) else { throw error }
                if !isReported { logger.error("\(String(describing: error).escapedForDisplay); retrying") }
                isReported = true
                try? await Task.sleep(for: Self.restAfterFailure)
            }
        }
    }
}
