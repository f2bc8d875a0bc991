import Core
import Intake
import Recording
import SystemSupport
import WriteAheadBuffer

/// Records what a program does into the local Nexus data folder, without holding the program up.
///
/// `record(_:)` copies the event into memory and returns: no system call that waits, no allocation. A worker in the
/// background validates it, replaces workspace and task names by keyed hashes, and appends it to the write-ahead buffer
/// some 20 milliseconds later; `nexus flush` or the next `nexus stats` takes it from there. Nothing leaves the machine.
///
/// What is in memory is lost if the process is killed; `flush()` returns once all before it is safe. A program calls
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
///             // Or let it take the time and see whether an error came out:
///             try await telemetry.measure("swift test") { try await test() }
///
///             telemetry.record(.sessionEnded())
///             try await telemetry.shutdown()
///             let counters = telemetry.counters
///             print("\(counters.written) written, \(counters.rejectedInAll) rejected, \(counters.dropped) dropped")
///         }
///     }
///
/// The environment switches recording off (`NEXUS_TELEMETRY=off`, or `DO_NOT_TRACK=1`), and so does a file
/// `.nexus-telemetry-off` in the working folder or above: then nothing is read or written, and `record(_:)` returns at
/// once. After `nexus telemetry off` nothing is written any more, by programs that run already either: what they record
/// is thrown away and counted as discarded, until `nexus telemetry on`.
///
/// All calls may be made from any thread or task, at the same time.
public final class Telemetry: Sendable {
    /// How a `Telemetry` works; what is left as it is suits nearly every program.
    public struct Options: Sendable {
        /// The data folder. Nil: `$NEXUS_DATA_DIR`, else `$XDG_DATA_HOME/nexus`, else `~/.local/share/nexus`.
        public var dataFolder: String?
        /// Room for events that wait for the worker, in bytes; an event takes 64 and its texts. The memory is taken
        /// twice, and is never less than the longest event needs, some 28 KiB. Without room `record(_:)` drops events.
        public var bufferBytes = Limits.ringBytes
        /// Whether `flush()` waits until events would survive a power cut, not only the end of the process.
        public var durable = false

        /// The default options.
        public init() {}
    }

    private let queue: EventQueue?
    private let worker: Worker?
    private let running: Task<Void, Never>?

    /// Makes the data folder and the key for names where there are none yet, and starts the worker.
    ///
    /// - Throws: `TelemetryError` with `.noDataFolder`, `.damagedKey`, `.damagedSettings`, or what kept the folder from being used.
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

    /// What was recorded is still written unless the process ends first; whoever wants to know calls `shutdown()`.
    deinit { running?.cancel() }

    /// Whether anything may be recorded. False when the environment or the working folder switches recording off; the
    /// settings may do so at any time and are not asked here.
    public var isRecording: Bool { queue != nil }

    /// What became of the events so far.
    public var counters: TelemetryCounters { queue?.counters ?? TelemetryCounters() }

    /// Takes an event into memory, and drops it when there is no room. Never waits and never throws.
    @discardableResult
    public func record(_ event: borrowing TelemetryEvent) -> RecordOutcome {
        guard let queue else { return .off }
        return queue.add(event)
    }

    /// Takes an event into memory, and waits for room where there is none: for whoever would rather be held up than
    /// lose an event. When the task is cancelled while it waits, the event is dropped.
    @discardableResult
    public func recordWaitingForRoom(_ event: TelemetryEvent) async -> RecordOutcome {
        guard let queue else { return .off }
        return await queue.addWaiting(event)
    }

    /// Returns once every event recorded before is in the write-ahead buffer on disk, or was rejected. What could not
    /// be written stays in memory and is tried again.
    ///
    /// - Throws: `TelemetryError` with `.diskFull`, `.bufferFull`, `.notPermitted` or `.inputOutput`.
    public func flush() async throws(TelemetryError) {
        guard let worker else { return }
        try await worker.drain()
    }

    /// Takes no more events, writes those that are in memory, and ends the worker. Further calls only write what an
    /// earlier one could not.
    ///
    /// - Throws: as `flush()` does; the events then stay in memory for another call.
    public func shutdown() async throws(TelemetryError) {
        queue?.close()
        running?.cancel()
        await running?.value
        try await flush()
        await worker?.flusher.fsyncData { _ in }
    }

    /// Wakes the worker when it has to come, until the task is cancelled, and one last time then.
    private static func run(_ worker: Worker, _ signals: WorkerSignals, _ clock: any Clock<Duration>) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await signals.runTimer(clock: clock) }
            // Where that fails the events are in the buffer all the same, which is what was promised of them.
            group.addTask { await worker.flusher.run { _ in } }
            for await _ in signals.wakeUps {
                // The error reaches the next `flush`, which meets the same trouble.
                do { try await worker.drain() } catch { signals.retryLater() }
            }
        }
        try? await worker.drain()
        await worker.flusher.fsyncData { _ in }
    }
}
