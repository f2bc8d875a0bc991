package import Core
import Database
import Intake
package import Logging
import Recording
import ServiceLifecycle
package import SystemSupport
import UnixSignals
import WriteAheadBuffer

/// `nexus serve`: ingests events from a socket and a named pipe, and drains the buffer for all processes.
///
///     socket ─┐
///     pipe   ─┴─ EventIntake ─ write-ahead buffer ─ SQLiteWriter
///
/// A service manager may open the socket and the pipe and start the service at the first connection or line. The
/// service manager then passes both to the service (see `PassedDescriptors`).
///
/// The parts start in the order storage, pipe, socket. They stop in reverse order, so that each part outlives the parts
/// that feed it. Signals are caught before the pipe is created, so that a stopped service leaves no pipe: a script that
/// writes into a pipe without a reader waits forever.
package struct EventService {
    /// Longest time of a shutdown. Events still waiting stay in the buffer for the next drain.
    private static let shutdownLimit: Duration = .seconds(10)

    private let data: DataFolder
    private let durable: Bool
    private let logger: Logger

    /// With `durable` the socket acknowledges only events that would survive a power cut.
    package init(data: DataFolder, durable: Bool, logger: Logger) {
        self.data = data
        self.durable = durable
        self.logger = logger
    }

    /// The signals that stop the service. The kernel sends SIGHUP when the terminal is closed. SIGHUP is left out if
    /// the user started the service with `nohup`.
    private static var stopSignals: [UnixSignal] {
        ThisProcess.ignoresHangup ? [.sigterm, .sigint] : [.sigterm, .sigint, .sighup]
    }

    /// Serves until SIGTERM, SIGINT or SIGHUP. Throws `ServiceError.alreadyRunning` if another service serves the
    /// folder.
    package func run() async throws {
        try await run(in: RuntimeFolder(for: data), PassedDescriptors(), stopSignals: Self.stopSignals)
    }

    /// Serves until one of the signals arrives or the task is asked to shut down gracefully.
    /// - Parameters:
    ///   - runtime: the folder of socket and pipe.
    ///   - passed: the socket and the pipe that a service manager has opened.
    func run(in runtime: RuntimeFolder, _ passed: PassedDescriptors, stopSignals: [UnixSignal]) async throws {
        guard let home = try ServiceHome(for: data, in: runtime, passed) else {
            throw ServiceError.alreadyRunning(data.folder.path)
        }
        let signals = StopSignals(signals: await UnixSignalsSequence(trapping: stopSignals))
        let session = await SessionManager(service: .current()).current()
        let intake = try EventIntake(data: data, session: session)
        let buffer = WriteAheadBuffer(folder: data.bufferFolder)
        try buffer.folder.prepare()
        if let lines = try PipeFileImport(at: home.runtime.pipePath) {
            let rejected = try lines.take(through: intake, into: buffer)
            if rejected > 0 {
                logger.warning("rejected \(rejected.counted("line")) written while no service ran")
            }
            // The file contains names in plain text, so it is overwritten.
            try home.runtime.folder.removeOverwriting(RuntimeFolder.pipeName)
        }
        try home.removeNames()
        do {
            try await serve(from: home, passed, intake: intake, buffer: buffer, until: signals)
        } catch {
            // The error of the service is reported, not an error of the removal.
            try? home.removeNames()
            throw error
        }
        try home.removeNames()
    }

    /// Creates the pipe and the socket and serves them until a signal arrives. The caller removes their names.
    private func serve(
        from home: borrowing ServiceHome, _ passed: PassedDescriptors, intake: EventIntake, buffer: WriteAheadBuffer,
        until signals: StopSignals
    ) async throws {
        let flusher = SegmentFlusher(buffer: buffer)
        let scheduler = DrainScheduler(flusher: flusher)
        let drain = DrainService(data: data, scheduler: scheduler, logger: logger)
        let durableBatcher = durable ? EventBatcher(appender: BufferAppender(buffer: buffer, durable: true)) : nil
        let pipeBatcher = EventBatcher(appender: BufferAppender(buffer: buffer, durable: false))
        let pipe = try PipeServer(
            path: passed.pipe?.path ?? home.runtime.pipePath,
            pipe: try passed.pipe.map { File(takingOver: $0.descriptor, path: $0.path) }
                ?? NamedPipe.create(home.runtime.pipePath, capacity: Limits.pipeBytes),
            intake: intake, batcher: pipeBatcher, buffer: buffer, scheduler: scheduler, logger: logger)
        let socket = SocketServer(
            path: home.runtime.socketPath, passed: passed.socket, intake: intake, buffer: buffer,
            durable: durableBatcher,
            scheduler: scheduler,
            logger: logger)
        try home.announce()
        do throws(SystemError) { try home.admitHooks() } catch {
            logger.warning(
                "shell hooks start the recorder instead of using the pipe: \(error.description.escapedForDisplay)")
        }
        var lifecycleLogger = logger
        lifecycleLogger.logLevel = max(logger.logLevel, .notice)
        let synchronizing = SegmentFlushService(flusher: flusher, logger: logger)
        let services: [any Service] = [synchronizing, drain, pipe, socket]
        // When one service fails, the others shut down gracefully. A cancellation alone would not end the wait of
        // `PipeServer` for input.
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0, failureTerminationBehavior: .gracefullyShutdownGroup) }
                + [.init(service: signals, successTerminationBehavior: .gracefullyShutdownGroup)],
            logger: lifecycleLogger)
        configuration.maximumGracefulShutdownDuration = Self.shutdownLimit
        logger.info("serving \(home.runtime.folder.path.escapedForDisplay)")
        try await ServiceGroup(configuration: configuration).run()
    }
}

/// Ends at the first signal, and thereby ends its service group. The group's own signal handling would start only after
/// the pipe is created, so an earlier signal would kill the process.
private struct StopSignals: Service {
    let signals: UnixSignalsSequence

    func run() async throws {
        for await _ in signals.cancelOnGracefulShutdown() { return }
        // Without any signals to wait for, the sequence ends immediately.
        try await gracefulShutdown()
    }
}

/// The reason why a service did not start or had to end.
package enum ServiceError: ReportedError, Equatable {
    case alreadyRunning(String)
    /// The folder of the buffer was removed or replaced while the service ran.
    case folderGone(String)
    /// The socket's path is longer than the system allows.
    case pathTooLong(String)

    package var exitCode: ExitCode { .unavailable }

    package var description: String {
        switch self {
        case .alreadyRunning(let path):
            "another 'nexus serve' already serves \(path.escapedForDisplay); stop it first"
        case .folderGone(let path):
            "\(path.escapedForDisplay) was removed or replaced while it was in use; start the service again"
        case .pathTooLong(let path):
            "\(path.escapedForDisplay) is too long for a socket; choose a shorter NEXUS_DATA_DIR or set XDG_RUNTIME_DIR"
        }
    }
}
