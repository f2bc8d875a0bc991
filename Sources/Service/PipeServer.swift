import Application
import Core
import Intake
import Logging
import Recording
import ServiceLifecycle
import SystemSupport
import WriteAheadBuffer

/// Ingests lines that scripts write into the named pipe with a plain `printf`. Lines are not acknowledged, and lines in
/// the pipe are lost when the service is killed. When a service starts, it imports lines that were written to a plain
/// file at the pipe's path (see `PipeFileImport`).
///
/// The reading thread waits in one call for input and for appends of other processes to the buffer. Therefore an idle
/// service never wakes up.
struct PipeServer: Service {
    /// Pause after a short read from the pipe. Writes during the pause wake no thread, so a script's `printf` costs no
    /// more than the copy of its line.
    private static let rest: Duration = .milliseconds(2)

    /// Pause before the next attempt after a read or an append has failed.
    private static let restAfterFailure: Duration = .milliseconds(200)

    private let waker: Waker
    private let intake: InputReader
    private let batcher: EventBatcher
    private let scheduler: DrainScheduler
    private let logger: Logger
    private let buffer: WriteAheadBuffer

    /// The pipe's write end. It stays usable after the pipe's name is removed.
    private final class Waker: Sendable {
        private let pipe: File

        init(_ path: String) throws(SystemError) { pipe = try NamedPipe.openForWriting(path) }

        /// Ends the reader's wait for input: writes an empty line, which contains no event.
        func wakeReader() {
            // The write fails if the pipe is full. The reader then does not wait, because it has input.
            try? pipe.write("\n")
        }
    }

    /// `pipe` is the open pipe at `path`. The folder of `buffer` is watched for appends of other processes.
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
            // After a request to stop, the service still ingests the lines in the pipe, at most this number of bytes.
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

    /// Logs once that input is discarded because the settings cannot be read. The log is the only report: programs that
    /// write into the pipe get no answer.
    private func reportDamagedSettings(reported: inout String?) {
        var problem: String?
        do throws(SettingsError) { _ = try RecordingPolicy.current(for: buffer.data) } catch {
            problem = error.description
        }
        if let problem, problem != reported { logger.error("\(problem); incoming events are discarded") }
        reported = problem
    }

    /// Returns the next input, or nil after a change of the buffer's folder. While the key for hashing names cannot be
    /// loaded, the method reads nothing, and lines wait in the pipe.
    ///
    /// - Throws: `ServiceError.folderGone` if the folder was removed or replaced. Programs then no longer find this
    ///   service, and another service may have taken its place.
    private func next() async throws -> InputReader.Step? {
        do {
            return try await retrying(unless: { !($0 is HashKeyError) }) { try await intake.nextOrChange() }
        } catch let error as SystemError where error.isNotFound {
            throw ServiceError.folderGone(buffer.folder.path)
        }
    }

    /// Appends a batch. Returns false if recording is off and the batch was discarded. The program that wrote the lines
    /// got no answer and cannot send them again. Failures are therefore retried until the service ends, unless the
    /// batch may be partly written.
    private func record(_ batch: RecordBatch) async throws -> Bool {
        try await retrying(unless: { _ in await batcher.isBroken }) { try await batcher.record(batch) }
    }

    /// Repeats `work` until it succeeds, its error is final or the service ends. Logs the first failure.
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
