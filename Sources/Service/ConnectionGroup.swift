import Core
import Intake
import Logging
import NIOCore
import Recording
import SystemSupport
import WriteAheadBuffer

/// What the connections of a socket share: all of them live on one thread, that of `loop`, and so does this.
///
/// One intake serves them all, so that what it remembers of one client's names helps the next. An event goes from the
/// socket into the buffer without leaving the thread: an append is one write(2) into the page cache and costs less than
/// handing the events to another thread would. Only waiting for the disk is left to one (`durable`).
final class ConnectionGroup {
    /// How long a client is waited for that does not read its last answers when the service stops.
    static let patience: TimeAmount = .seconds(1)
    /// How long a connection rests, and for how long at most, one rest after the other.
    static let rest = TimeAmount(Limits.lookInterval)
    static let longestRest = TimeAmount(Limits.longestHoldUp)

    let loop: any EventLoop
    let logger: Logger
    /// Where batches go that are acknowledged only once they are on disk; nil: when they are in the buffer.
    let durable: EventBatcher?
    private let limit: Int
    private let scheduler: DrainScheduler
    private let appender: SegmentAppender
    private var intake: EventIntake
    /// What the last piece of input held, kept for its room.
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

    /// Takes a connection in; false when there are too many, or none is served any more.
    func enter(_ connection: SocketConnection) -> Bool {
        guard !isStopping, connections.count < limit else { return false }
        connections[ObjectIdentifier(connection)] = connection
        return true
    }

    func leave(_ connection: SocketConnection) {
        connections[ObjectIdentifier(connection)] = nil
    }

    /// Serves nobody any more; done when the last connection is closed.
    func stop() -> EventLoopFuture<Void> {
        isStopping = true
        return .andAllComplete(connections.values.map { $0.stop() }, on: loop)
    }

    // MARK: Events

    /// Takes the lines that have come from `source`, and hands what they held to `use`.
    func take<Result>(
        from source: inout NDJSONReader, atEnd: Bool, _ use: (NDJSONReader.Chunk) throws -> Result
    ) throws -> Result {
        try intake.refresh()
        chunk.removeAll()
        source.take(atEnd: atEnd, through: &intake, into: &chunk)
        return try use(chunk)
    }

    /// Appends a batch to the buffer; false when it was thrown away, as recording is off.
    func append(_ batch: RecordBatch) throws(BufferError) -> Bool {
        guard !batch.isEmpty else { return true }
        do throws(BufferError) { _ = try appender.append(batch.bytes.span) } catch  where error.isOff { return false }
        noteAppended(batch)
        return true
    }

    /// Counts what was appended and has the drain come.
    func noteAppended(_ batch: RecordBatch, isOnDisk: Bool = false) {
        scheduler.grow(by: batch.eventCount, areOnDisk: isOnDisk)
    }

    /// Whether a connection has to rest for a moment before it is read again.
    var isBehind: Bool { scheduler.isLong || scheduler.isDiskBehind }

    /// Whether it has to go on resting.
    var isDiskBehind: Bool { scheduler.isDiskBehind }
}
