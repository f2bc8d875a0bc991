import Application
import Core
import Logging
import ServiceLifecycle
import SystemSupport
import WriteAheadBuffer

/// Drains the buffer as long as the service lives, whenever it is woken: the service has appended, other processes have,
/// or a process asks for it.
struct DrainService: Service {
    /// After this time without events, what was stored is checkpointed and its segments are removed.
    private static let quietTime: Duration = .seconds(2)

    let data: DataFolder
    let scheduler: DrainScheduler
    let logger: Logger

    func run() async throws {
        scheduler.askForDrain()
        let loop = DrainLoop(
            data: data, quietTime: Self.quietTime, closesWhenQuiet: false,
            observer: ServiceDrainObserver(scheduler: scheduler, logger: logger))
        _ = try await loop.run(scheduler.calls.cancelOnGracefulShutdown()) { scheduler.askForDrain() }
    }
}

/// Lets a drain of the service wait for a pause in recording, counts what it stores, and logs failures.
actor ServiceDrainObserver: DrainObserver {
    /// A drain begins when nothing was appended for this long …
    private static let pause: Duration = .milliseconds(20)
    /// … and after this time in any case.
    private static let longestDelay: Duration = .milliseconds(500)

    private let scheduler: DrainScheduler
    private let logger: Logger
    /// The failure that was logged last, until the loop has succeeded.
    private var reported = ""

    init(scheduler: DrainScheduler, logger: Logger) {
        self.scheduler = scheduler
        self.logger = logger
    }

    func waitToDrain() async {
        let deadline = ContinuousClock.now + Self.longestDelay
        var last = scheduler.look
        while !last.isAsked, ContinuousClock.now < deadline {
            guard (try? await Task.sleep(for: Self.pause)) != nil else { break }
            let now = scheduler.look
            if now.changes == last.changes { break }
            last = now
        }
        scheduler.beginDrain()
    }

    func appendCount() async -> Int { scheduler.look.changes }

    func stored(_ events: Int) async {
        reported = ""
        scheduler.shrink(by: events)
    }

    func foundNothing(since count: Int, isBlocked: Bool) async {
        reported = ""
        scheduler.empty(since: count)
    }

    func released() async {}

    /// Logs the failure once, however often the loop tries again. What was accepted waits in the buffer until it has succeeded.
    func failed(_ error: any Error) async throws {
        let text = String(describing: error).escapedForDisplay
        guard text != reported else { return }
        reported = text
        logger.error("\(text)")
    }
}

/// Puts on disk what the service and others append, as long as the service lives.
struct SegmentFlushService: Service {
    let flusher: SegmentFlusher
    let logger: Logger

    func run() async {
        let logger = logger
        await cancelWhenGracefulShutdown {
            await flusher.run { error in
                logger.error(
                    "\(error.description.escapedForDisplay): a power cut may take what was accepted and not stored yet")
            }
        }
    }
}
