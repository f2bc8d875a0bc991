import Application
import Core
import Logging
import ServiceLifecycle
import SystemSupport
import WriteAheadBuffer

/// Drains the buffer while the service runs. It wakes up after an append by the service or by another process, and
/// after a request for a drain.
struct DrainService: Service {
    /// After this time without events, stored events are checkpointed and their segments are removed.
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

/// Delays a drain of the service until a pause in recording, counts stored events, and logs failures.
actor ServiceDrainObserver: DrainObserver {
    /// A drain begins after this time without appends.
    private static let pause: Duration = .milliseconds(20)
    /// If appends continue, a drain begins after this time.
    private static let longestDelay: Duration = .milliseconds(500)

    private let scheduler: DrainScheduler
    private let logger: Logger
    /// The failure that was logged last; empty if the loop has succeeded since then.
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

    /// Logs each failure once, however often the loop retries. Accepted events wait in the buffer until a retry
    /// succeeds.
    func failed(_ error: any Error) async throws {
        let text = String(describing: error).escapedForDisplay
        guard text != reported else { return }
        reported = text
        logger.error("\(text)")
    }
}

/// Runs the flusher while the service runs. The flusher calls fsync for the appends of all processes.
struct SegmentFlushService: Service {
    let flusher: SegmentFlusher
    let logger: Logger

    func run() async {
        let logger = logger
        await cancelWhenGracefulShutdown {
            await flusher.run { error in
                logger.error(
                    "\(error.description.escapedForDisplay): accepted events that are not stored yet may not survive a power cut"
                )
            }
        }
    }
}
