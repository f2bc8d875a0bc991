import Core
import Intake
import Logging
import NIOCore
import Recording
import SystemSupport
import WriteAheadBuffer

/// The state that the connections of a socket share. This object and all connections run on the thread of `loop`.
///
/// All connections use one intake and share its cache of names. An event goes from the socket into the buffer without
/// leaving the thread. An append is one write(2) into the page cache and costs less than passing the events to another
/// thread. If `durable` is set, it appends the batches on another thread, where it waits for fsync.
final class ConnectionGroup {
    /// The longest wait for a client that does not read its last answers when the service stops.
    static let patience: TimeAmount = .seconds(1)
    /// The duration of one pause of a throttled connection. While fsync stalls, the connection repeats the pause.
    static let rest = TimeAmount(Limits.pollInterval)
    /// The longest total duration of repeated pauses.
    static let longestRest = TimeAmount(Limits.longestThrottle)

    let loop: any EventLoop
    let logger: Logger
    /// The batcher that appends a batch with fsync before the batch is acknowledged. Nil if a batch is acknowledged as
    /// soon as it is in the buffer.
    let durable: EventBatcher?
    private let limit: Int
    private let scheduler: DrainScheduler
    private let appender: SegmentAppender
    private var intake: EventIntake
    /// The last chunk of input, kept to reuse its memory.
    private var chunk = NDJSONReader.Chunk()
    private var connections: [ObjectIdentifier: SocketConnection] = [:]
    private var isStopping = false

    init(
        on loop: any EventLoop, limit: Int, intake: EventIntake, buffer: WriteAheadBuffer, durable: EventBatcher?,
        scheduler: DrainScheduler, logger: Logger
    ) {
        self.loop = loop
        self.limit = limit
        self.intake = intake
        self.durable = durable
        self.scheduler = scheduler
        self.logger = logger
        appender = SegmentAppender(buffer: buffer)
    }

    // MARK: Connections

    /// Registers a connection. Returns false when there are too many connections, or the service is stopping.
    func enter(_ connection: SocketConnection) -> Bool {
        guard !isStopping, connections.count < limit else { return false }
        connections[ObjectIdentifier(connection)] = connection
        return true
    }

    func leave(_ connection: SocketConnection) {
        connections[ObjectIdentifier(connection)] = nil
    }

    /// Stops all connections and accepts no more. The future completes when the last connection is closed.
    func stop() -> EventLoopFuture<Void> {
        isStopping = true
        return .andAllComplete(connections.values.map { $0.stop() }, on: loop)
    }

    // MARK: Events

    /// Parses the lines that have arrived from `source`, and passes the result to `use`.
    func take<Result>(
        from source: inout NDJSONReader, atEnd: Bool, _ use: (NDJSONReader.Chunk) throws -> Result
    ) throws -> Result {
        try intake.refresh()
        chunk.removeAll()
        source.take(atEnd: atEnd, through: &intake, into: &chunk)
        return try use(chunk)
    }

    /// Appends a batch to the buffer. Returns false if recording is off and the batch was discarded.
    func append(_ batch: RecordBatch) throws(BufferError) -> Bool {
        guard !batch.isEmpty else { return true }
        do throws(BufferError) { _ = try appender.append(batch.bytes.span) } catch  where error.isOff { return false }
        noteAppended(batch)
        return true
    }

    /// Counts appended events and requests a drain. `isOnDisk` is true if the append included an fsync.
    func noteAppended(_ batch: RecordBatch, isOnDisk: Bool = false) {
        scheduler.grow(by: batch.eventCount, areOnDisk: isOnDisk)
    }

    /// Whether a connection must pause before its next read.
    var isBehind: Bool { scheduler.isLong || scheduler.isDiskBehind }

    /// Whether a paused connection must continue to pause.
    var isDiskBehind: Bool { scheduler.isDiskBehind }
}
