import Core
import Intake
import Recording
import SystemSupport
import WriteAheadBuffer

/// Records events of a program into the local Nexus data folder, without blocking the program.
///
/// `record(_:)` copies the event into memory and returns. It makes no system call that waits, and allocates no memory.
/// A worker in the background validates the event and replaces workspace and task names by keyed hashes. Some 20
/// milliseconds after the recording it appends the event to the write-ahead buffer. `nexus flush` or the next
/// `nexus stats` stores the event in the database. Nothing leaves the machine.
///
/// Events in memory are lost if the process is killed. When `flush()` returns, all events recorded before the call are
/// safe. A program should call `shutdown()` before it ends.
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
///             // Or let `measure` determine the duration and detect a thrown error:
///             try await telemetry.measure("swift test") { try await test() }
///
///             telemetry.record(.sessionEnded())
///             try await telemetry.shutdown()
///             let counters = telemetry.counters
///             print("\(counters.written) written, \(counters.rejectedInAll) rejected, \(counters.dropped) dropped")
///         }
///     }
///
/// The environment can switch recording off (`NEXUS_TELEMETRY=off`, or `DO_NOT_TRACK=1`). A file `.nexus-telemetry-off`
/// in the working folder, or in a folder above it, does the same. In these cases nothing is read or written, and
/// `record(_:)` returns immediately. After `nexus telemetry off`, programs that already run write nothing either. Their
/// events are discarded and counted until `nexus telemetry on`.
///
/// All calls may be made from any thread or task, at the same time.
public final class Telemetry: Sendable {
    /// The options of a `Telemetry`; the defaults suit nearly every program.
    public struct Options: Sendable {
        /// The data folder. Nil: `$NEXUS_DATA_DIR`, else `$XDG_DATA_HOME/nexus`, else `~/.local/share/nexus`.
        public var dataFolder: String?
        /// Capacity for events that wait for the worker, in bytes. An event takes 64 bytes and the bytes of its texts.
        /// The memory is allocated twice, because the worker reads one half while the other half is filled. Each half
        /// has at least the size of the longest event, some 32 KiB. If the half for new events is full, `record(_:)`
        /// drops events.
        public var bufferBytes = Limits.ringBytes
        /// Whether `flush()` waits for fsync, so that events also survive a power cut. If false, `flush()` only ensures
        /// that the events survive the end of the process.
        public var durable = false

        /// Creates the default options.
        public init() {}
    }

    private let queue: EventQueue?
    private let worker: Worker?
    private let running: Task<Void, Never>?

    /// Creates the data folder and the key for names if they do not exist, and starts the worker. If recording is off,
    /// neither the folder nor the key is created.
    ///
    /// - Throws: `TelemetryError` with `.noDataFolder`, `.damagedKey`, `.damagedSettings`, or with `.notPermitted`,
    ///   `.diskFull` or `.inputOutput` if the folder cannot be used.
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

    /// When the `Telemetry` is released, the worker still writes the recorded events, unless the process ends before.
    /// Only `shutdown()` waits until they are written.
    deinit { running?.cancel() }

    /// Whether recording is possible. False when the environment or the working folder switches recording off. The
    /// settings may also switch recording off at any time; this property does not read them.
    public var isRecording: Bool { queue != nil }

    /// The counters of all events so far.
    public var counters: TelemetryCounters { queue?.counters ?? TelemetryCounters() }

    /// Copies an event into memory, or drops the event if the buffer is full. Never waits and never throws.
    @discardableResult
    public func record(_ event: borrowing TelemetryEvent) -> RecordOutcome {
        guard let queue else { return .off }
        return queue.add(event)
    }

    /// Copies an event into memory, and waits while the buffer is full. It is for callers that prefer a delay to a lost
    /// event. If the task is cancelled while it waits, the event is dropped.
    @discardableResult
    public func recordWaitingForRoom(_ event: TelemetryEvent) async -> RecordOutcome {
        guard let queue else { return .off }
        return await queue.addWaiting(event)
    }

    /// Waits until every event recorded before the call is in the write-ahead buffer on disk, unless it was rejected or
    /// discarded. Events that could not be written stay in memory, and the worker tries again to write them. If a
    /// failed write may have left events in the buffer, for example because fsync failed, the worker stops. Each later
    /// call then throws the same error.
    ///
    /// - Throws: `TelemetryError` with `.diskFull`, `.bufferFull`, `.notPermitted` or `.inputOutput`. With
    ///   `.damagedKey` if the key became unusable. With `.damagedSettings` if the settings became unreadable during the
    ///   call. Settings that were unreadable before the call count as off.
    public func flush() async throws(TelemetryError) {
        guard let worker else { return }
        try await worker.drain()
    }

    /// Refuses further events, writes the events that are in memory, and ends the worker. A second call only tries to
    /// write events that the first call could not write.
    ///
    /// - Throws: the same errors as `flush()`. Unless the worker has stopped (see `flush()`), the events then stay in
    ///   memory, so that another call can write them.
    public func shutdown() async throws(TelemetryError) {
        queue?.close()
        running?.cancel()
        await running?.value
        try await flush()
        await worker?.flusher.fsyncData { _ in }
    }

    /// Drains the queue at each wake-up until the task is cancelled, and then one last time.
    private static func run(_ worker: Worker, _ signals: WorkerSignals, _ clock: any Clock<Duration>) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await signals.runTimer(clock: clock) }
            // A failed fsync needs no report, because the events are in the buffer. Without `durable`, no fsync is
            // promised.
            group.addTask { await worker.flusher.run { _ in } }
            for await _ in signals.wakeUps {
                // The error needs no report here. If the cause persists, the next `flush` throws the error.
                do { try await worker.drain() } catch { signals.retryLater() }
            }
        }
        try? await worker.drain()
        await worker.flusher.fsyncData { _ in }
    }
}
