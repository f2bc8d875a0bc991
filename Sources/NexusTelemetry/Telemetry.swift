import Core
import Intake
import Recording
import SystemSupport
import WriteAheadBuffer

/// Records events of a program into the local Nexus data folder, without blocking the program.
///
/// `record(_:)` copies the event into memory and returns: no system call that waits, no allocation. A worker in the background
/// validates it and replaces workspace and task names by keyed hashes. It appends the event to the write-ahead buffer some 20
/// milliseconds later; `nexus flush` or the next `nexus stats` stores it. Nothing leaves the machine.
///
/// Events in memory are lost if the process is killed; `flush()` returns once all earlier events are safe. A program calls
/// `shutdown()` before it ends.
///
///     import NexusTelemetry
///
///     @main
///     struct Build {
///         static func main() async throws {
///             let telemetry = try Telemetry()
///             let clock = ContinuousClock()
///
///             telemetry.record(.sessionStarted())
///             let duration = try clock.measure { try compile() }
///             telemetry.record(.command("swift build", duration: duration, success: true, workspace: "client-site"))
///
///             // Or let it measure the time and detect a thrown error:
///             try await telemetry.measure("swift test") { try await test() }
///
///             telemetry.record(.sessionEnded())
///             try await telemetry.shutdown()
///             let counters = telemetry.counters
///             print("\(counters.written) written, \(counters.rejectedInAll) rejected, \(counters.dropped) dropped")
///         }
///     }
///
/// The environment switches recording off (`NEXUS_TELEMETRY=off`, or `DO_NOT_TRACK=1`), and so does a file `.nexus-telemetry-off`
/// in the working folder or above. Nothing is read or written then, and `record(_:)` returns at once. After `nexus telemetry off`
/// programs that already run write nothing either: their events are discarded and counted, until `nexus telemetry on`.
///
/// All calls may be made from any thread or task, at the same time.
public final class Telemetry: Sendable {
    /// The options of a `Telemetry`; the defaults suit nearly every program.
    public struct Options: Sendable {
        /// The data folder. Nil: `$NEXUS_DATA_DIR`, else `$XDG_DATA_HOME/nexus`, else `~/.local/share/nexus`.
        public var dataFolder: String?
        /// Capacity for events that wait for the worker, in bytes. An event takes 64 bytes and the bytes of its texts.
        /// The memory is allocated twice; each half holds at least the longest event, some 32 KiB. When a half is full,
        /// `record(_:)` drops events.
        public var bufferBytes = Limits.ringBytes
        /// Whether `flush()` waits for fsync, so that events also survive a power cut. Without it they survive the end
        /// of the process.
        public var durable = false

        /// The default options.
        public init() {}
    }

    private let queue: EventQueue?
    private let worker: Worker?
    private let running: Task<Void, Never>?

    /// Creates the data folder and the key for names if they do not exist, and starts the worker.
    ///
    /// - Throws: `TelemetryError` with `.noDataFolder`, `.damagedKey`, `.damagedSettings`, or the reason why the folder is
    ///   unusable.
    public convenience init(_ options: Options = Options()) throws(TelemetryError) {
        try self.init(options, environment: Environment.value)
    }

    init(
        _ options: Options, environment: (String) -> String?, clock: any Clock<Duration> = ContinuousClock()
    ) throws(TelemetryError) {
        guard RecordingPolicy.outside(environment: environment) == .on else {
            (queue, worker, running) = (nil, nil, nil)
            return
        }
        let data = try Self.dataFolder(options.dataFolder, environment)
        let signals = WorkerSignals()
        let queue = EventQueue(capacity: options.bufferBytes, signals: signals)
        let worker = try Worker(
            queue: queue, data: data, session: SessionManager.sessionID(environment: environment),
            durable: options.durable)
        self.queue = queue
        self.worker = worker
        running = Task { await Self.run(worker, signals, clock) }
    }

    private static func dataFolder(
        _ given: String?, _ environment: (String) -> String?
    ) throws(TelemetryError) -> DataFolder {
        do throws(DataFolderError) {
            if let given { return try DataFolder.at(given) }
            if let data = try DataFolder.fromEnvironment(environment) { return data }
        } catch {
            throw TelemetryError(error)
        }
        throw .noDataFolder
    }

    /// Recorded events are still written after this, unless the process ends first. `shutdown()` waits for them.
    deinit { running?.cancel() }

    /// Whether recording is possible. False when the environment or the working folder switches recording off. The
    /// settings may also switch recording off at any time; this property does not read them.
    public var isRecording: Bool { queue != nil }

    /// The counters of all events so far.
    public var counters: TelemetryCounters { queue?.counters ?? TelemetryCounters() }

    /// Copies an event into memory, or drops it when the buffer is full. Never waits and never throws.
    @discardableResult
    public func record(_ event: borrowing TelemetryEvent) -> RecordOutcome {
        guard let queue else { return .off }
        return queue.add(event)
    }

    /// Copies an event into memory, and waits while the buffer is full, for callers that prefer a delay to a lost event. If the
    /// task is cancelled while it waits, the event is dropped.
    @discardableResult
    public func recordWaitingForRoom(_ event: TelemetryEvent) async -> RecordOutcome {
        guard let queue else { return .off }
        return await queue.addWaiting(event)
    }

    /// Returns once every event recorded before is in the write-ahead buffer on disk, or was rejected. Events that could not be
    /// written stay in memory and are retried.
    ///
    /// - Throws: `TelemetryError` with `.diskFull`, `.bufferFull`, `.notPermitted` or `.inputOutput`.
    public func flush() async throws(TelemetryError) {
        guard let worker else { return }
        try await worker.drain()
    }

    /// Refuses further events, writes those in memory, and ends the worker. Later calls only retry events that an earlier call
    /// could not write.
    ///
    /// - Throws: as `flush()` does; the events then stay in memory for another call.
    public func shutdown() async throws(TelemetryError) {
        queue?.close()
        running?.cancel()
        await running?.value
        try await flush()
        await worker?.flusher.fsyncData { _ in }
    }

    /// Drains at each wake-up until the task is cancelled, and then one last time.
    private static func run(_ worker: Worker, _ signals: WorkerSignals, _ clock: any Clock<Duration>) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await signals.runTimer(clock: clock) }
            // If fsync fails, the events are still in the buffer. No more was promised.
            group.addTask { await worker.flusher.run { _ in } }
            for await _ in signals.wakeUps {
                // The error needs no report here: the next `flush` fails for the same reason.
                do { try await worker.drain() } catch { signals.retryLater() }
            }
        }
        try? await worker.drain()
        await worker.flusher.fsyncData { _ in }
    }
}
