import Core

/// How the recording threads wake the worker: rarely. The first event after a pause starts a short wait in which others
/// come together; a half that is half full ends the wait at once. An event between the two wakes nobody.
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
