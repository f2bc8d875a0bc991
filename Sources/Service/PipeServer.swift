import Application
import Core
import Intake
import Logging
import Recording
import ServiceLifecycle
import SystemSupport
import WriteAheadBuffer

/// Takes lines that scripts write into the named pipe with a plain `printf`. It acknowledges nothing: what stands in the
/// pipe when the service is killed is gone. What was written to a plain file of its name while no service ran is taken in
/// when one starts.
///
/// Its thread is also the one that notices what other processes append to the buffer: it waits for either, so that
/// nothing of an idle service moves.
struct PipeServer: Service {
    /// How long the pipe is left alone after little was read from it: what is written meanwhile wakes nobody, so that a
    /// script's `printf` pays for a copy of its line and no more.
    private static let rest: Duration = .milliseconds(2)

    /// How long it is waited for a disk that takes nothing.
    private static let restAfterFailure: Duration = .milliseconds(200)

    private let waker: Waker
    private let intake: InputReader
    private let batcher: EventBatcher
    private let scheduler: DrainScheduler
    private let logger: Logger
    private let buffer: WriteAheadBuffer

    /// The pipe's other end: it is there also when somebody has removed the pipe's name.
    private final class Waker: Sendable {
        private let pipe: File

        init(_ path: String) throws(SystemError) { pipe = try NamedPipe.openForWriting(path) }

        /// The read that waits for input gets some: an empty line, which is no event.
        func wakeReader() {
            // A pipe that is full has input.
            try? pipe.write("\n")
        }
    }

    /// `pipe` is the one at `path`; others append to `buffer`.
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
            // What may stand in the pipe when the service is asked to stop is still taken.
            var unread = Limits.pipeBytes
            var isLast = false
            var told: String?
            while !isLast {
                let isStopping = Task.isShuttingDownGracefully
                if isStopping { waker.wakeReader() }
                guard let step = try await next() else {
                    scheduler.noticeChange()
                    continue
                }
                if isStopping {
                    unread -= step.bytes
                    // A read that was not filled has emptied the pipe.
                    isLast = step.bytes < Limits.inputChunkBytes || unread <= 0
                }
                // What comes while recording is off is thrown away.
                guard try await record(step.chunk.batch) else {
                    tellOfDamagedSettings(told: &told)
                    continue
                }
                // Who writes an empty line wants what waits to be stored.
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

    /// Who writes into the pipe is told nothing. That what comes is thrown away for want of settings that can be read has to
    /// stand somewhere, once.
    private func tellOfDamagedSettings(told: inout String?) {
        var problem: String?
        do throws(SettingsError) { _ = try RecordingPolicy.current(for: buffer.data) } catch {
            problem = error.description
        }
        if let problem, problem != told { logger.error("\(problem); what comes is thrown away") }
        told = problem
    }

    /// What was read, or nil for a change of the folder. As long as there is no key that names could be hashed with nothing is
    /// read: what stands in the pipe waits. A service whose folder was removed nobody finds any more, and another one may
    /// be in its place.
    private func next() async throws -> InputReader.Step? {
        do {
            return try await retrying(unless: { !($0 is HashKeyError) }) { try await intake.nextOrChange() }
        } catch let error as SystemError where error.isNotFound {
            throw ServiceError.folderGone(buffer.folder.path)
        }
    }

    /// Appends a batch; false when it was thrown away, as recording is off. Who wrote it was told nothing and cannot send it again,
    /// so it is tried until the disk takes it or the service ends. Where it may stand there in part it is not.
    private func record(_ batch: RecordBatch) async throws -> Bool {
        try await retrying(unless: { _ in await batcher.isBroken }) { try await batcher.record(batch) }
    }

    /// Tries again until it succeeds, the service ends or `isFinal`; the first failure is told.
    private func retrying<Value>(
        unless isFinal: (any Error) async -> Bool, _ work: () async throws -> Value
    ) async throws -> Value {
        var isTold = false
        while true {
            do {
                return try await work()
            } catch {
                guard !Task.isShuttingDownGracefully, !Task.isCancelled, await !isFinal(error) else { throw error }
                if !isTold { logger.error("\(String(describing: error).escapedForDisplay); it is tried again") }
                isTold = true
                try? await Task.sleep(for: Self.restAfterFailure)
            }
        }
    }
}
