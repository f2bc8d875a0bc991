package import Core
package import GRDB
package import SystemSupport
package import WriteAheadBuffer

/// The only writer of the database. It reads the pending events from the write-ahead buffer and stores them.
///
/// Rows, session counters, rollups, counters and the position in the buffer are written in one transaction. Each event
/// is therefore in the tables exactly once, no matter when the process ends. After a crash the next drain continues; no
/// other recovery is needed. The writer has its own thread, because calls of SQLite block. A drain checks for
/// cancellation between two transactions.
package actor SQLiteWriter {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    package let data: DataFolder
    package let clock: any WallClock
    package let buffer: WriteAheadBuffer
    package let queue: DatabaseQueue
    /// The identity of the database file when it was opened.
    private let identity: FileIdentity?
    var ingest: SegmentIngest
    /// The connection refers to the monitor, so the monitor is released after the connection and its cached statements.
    private let wal: WALSizeMonitor
    private var positions: BufferPositions
    private var readers: [WriteAheadBuffer.SegmentNumber: SegmentReader] = [:]
    private var chunk: [UInt8] = []
    /// The reason why events have to stay in the buffer for now; nil when events can be stored.
    ///
    /// - `StoreError.blockedByReader`: a program that reads the database prevents a reset of the WAL, and the WAL has
    ///   reached its size limit.
    /// - `BufferError.busy`: a recording process has stopped in the middle of an append.
    package private(set) var blockedReason: StoreError?
    /// The segments with an append that did not finish within the maximum wait. Later drains check whether the append
    /// has finished, without another wait.
    private var blockedSegments: Set<WriteAheadBuffer.SegmentNumber> = []
    private var policy: RecordingPolicyCache
    /// Whether the writer stops when recording is disabled. Maintenance that the user started (purge, rebuild) sets
    /// this to false.
    private let obeysSettings: Bool
    /// Declared after the database, so that the lock is released after the database is closed. Nil after the writer was
    /// closed.
    private var lock: WriterLock?

    /// Opens the database of a data folder, and creates the database if it does not exist.
    /// - Parameters:
    ///   - parts: the parts that other modules implement. Every writer of a data folder must get the same parts.
    ///   - obeysSettings: whether the writer stores nothing more once recording is off. Maintenance that the user
    ///     started sets this to false.
    package init(
        data: DataFolder, lock: consuming WriterLock, parts: WriterParts, obeysSettings: Bool = true,
        clock: any WallClock = SystemClock()
    ) throws(StoreError) {
        self.data = data
        self.lock = consume lock
        self.obeysSettings = obeysSettings
        policy = RecordingPolicyCache(data)
        self.clock = clock
        let buffer = WriteAheadBuffer(folder: data.bufferFolder)
        self.buffer = buffer
        let queue = try DatabaseOpening.forWriting(data.databasePath, derivedTables: parts.derivedTables)
        self.queue = queue
        let wal = WALSizeMonitor(fileBytes: data.folder.size(of: "nexus.db-wal") ?? 0)
        queue.writeWithoutTransaction { wal.watch($0) }
        self.wal = wal
        identity = FileIdentity(of: data.databasePath)
        try parts.resume(queue, data)
        let segments: [WriteAheadBuffer.SegmentNumber]
        do { segments = try buffer.segments() } catch { throw .buffer(error) }
        ingest = SegmentIngest(derivedTables: parts.derivedTables)
        positions = try asStoreError(data.databasePath) {
            try queue.write { database in
                try StoreFiles.renewIdentityIfCopied(data, in: database)
                var positions = try BufferPositions(from: database)
                // A writer that was killed may have removed segments whose positions are still in `buffer_positions`.
                // The removal is synchronized before the positions leave this table, so that a power failure cannot
                // restore the files.
                if positions.hasOthers(than: segments) { try buffer.synchronize() }
                try positions.keepOnly(segments, in: database)
                return positions
            }
        }
    }

    /// Opens a writer, passes it to `work`, and closes the writer afterwards, even if `work` throws.
    package static func withWriter<Result: Sendable>(
        of data: DataFolder, lock: consuming WriterLock, parts: WriterParts, obeysSettings: Bool = true,
        _ work: (SQLiteWriter) async throws -> Result
    ) async throws -> Result {
        let writer = try SQLiteWriter(data: data, lock: lock, parts: parts, obeysSettings: obeysSettings)
        let result: Result
        do {
            result = try await work(writer)
        } catch {
            await writer.close()
            throw error
        }
        await writer.close()
        return result
    }

    /// Closes the database and releases the writer lock. Nothing else may be called afterwards.
    ///
    /// The function truncates the WAL first. When SQLite closes the last connection, it removes the WAL's index before
    /// the WAL. A process that is killed in between leaves a WAL without an index. A reader without write access can
    /// read such a WAL only if it is empty. If the truncation fails, nothing is lost: the next writer recovers the WAL.
    package func close() {
        try? queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA busy_timeout = 0")
            _ = try database.checkpoint(.truncate)
        }
        ingest = SegmentIngest(derivedTables: NoDerivedTables())
        try? queue.close()
        lock = nil
    }

    /// Returns whether this writer has to be released: recording was disabled, or another process waits for the lock.
    package func shouldYield() throws(StoreError) -> Bool {
        if obeysSettings, !policy.isOpen() { return true }
        do throws(SystemError) { return try lock?.isWanted() ?? true } catch { throw .system(error) }
    }

    /// Stores all pending events, one transaction after another; returns how many. Stops early, between two
    /// transactions, when the task is cancelled or the writer must yield.
    package func drain() throws(StoreError) -> Int {
        var events = 0
        while !Task.isCancelled, try !shouldYield() {
            guard let step = try drainOnce() else { break }
            events += step
        }
        return events
    }

    /// Finishes a drain: closes orphaned sessions, checkpoints to disk and removes stored segments.
    package func finish() throws(StoreError) {
        let now = clock.now()
        try asStoreError(data.databasePath) {
            try queue.write { try ingest.closeOrphanedSessions(in: $0, now: now) }
        }
        try checkpoint(includingNewest: true)
    }

    /// Computes the aggregates that an earlier version of Nexus did not compute, with one day of events in each
    /// transaction. Stops after `duration`, when nothing is left, when the task is cancelled or when the writer must
    /// yield.
    /// - Returns: the share of the work that is done, 0 to 1; 1 when nothing is left.
    package func catchUp(for duration: Duration) throws(StoreError) -> Double {
        let end = ContinuousClock.now + duration
        return try asStoreError(data.databasePath) {
            while true {
                let share = try queue.write { try ingest.catchUp(in: $0) }
                guard share < 1 else { return 1 }
                forgetRows()
                if try ContinuousClock.now >= end || Task.isCancelled || shouldYield() { return share }
            }
        }
    }

    // MARK: One transaction

    /// Stores pending events in one transaction, until it is full. Returns the number of stored events; nil when no
    /// event is pending or storing is blocked.
    package func drainOnce() throws(StoreError) -> Int? {
        blockedReason = nil
        guard
            let waiting = try asStoreError(
                data.databasePath, { try queue.writeWithoutTransaction { try nextWaiting(in: $0) } })
        else { return nil }
        if wal.bytes >= Limits.walBytes / 2 { try checkpoint(includingNewest: false) }
        if wal.bytes > Limits.walBytes - Limits.transactionWALBytes {
            blockedReason = .blockedByReader(path: data.databasePath)
            return nil
        }
        do {
            return try queue.write { database in
                var events = 0
                var next: (reader: SegmentReader, end: Int)? = waiting
                while let (reader, end) = next, !ingest.isFull {
                    events += try ingest(reader, upTo: end, into: database)
                    // During a steady stream there are always pending events. A process that waits for the lock must
                    // not wait for the end of the stream.
                    next = try shouldYield() ? nil : nextWaiting(in: database)
                }
                try ingest.finish(into: database, now: clock.now())
                return events
            }
        } catch {
            try recover()
            throw StoreError(error, path: data.databasePath)
        }
    }

    /// Ingests the records of one segment that are before the offset `end`, until the transaction is full.
    private func ingest(_ reader: SegmentReader, upTo end: Int, into database: Database) throws -> Int {
        var position = positions.position(in: reader)
        var events = 0
        while position.offset < end, !ingest.isFull {
            try reader.read(into: &chunk, from: position.offset, upTo: end, limit: Limits.drainChunkBytes)
            let isLast = chunk.count < Limits.drainChunkBytes || position.offset + chunk.count == end
            let findings = try ingest.ingest(chunk, isLast: isLast, into: database)
            events += findings.events
            position.offset =
                isLast && !findings.isCutShort ? SegmentFormat.aligned(end) : position.offset + findings.consumed
            position.isDamaged = position.isDamaged || findings.isDamaged
        }
        try requireFiles()
        try positions.set(position, of: reader.number, in: database)
        return events
    }

    /// Returns the oldest segment that has pending records and no stalled append, and the offset at which its records
    /// end. Returns nil when there is no such segment.
    private func nextWaiting(in database: Database) throws -> (reader: SegmentReader, end: Int)? {
        do {
            for number in try buffer.segments() {
                guard let reader = try reader(of: number) else { continue }
                try positions.recall(reader, in: database)
                let patience = blockedSegments.contains(number) ? .zero : Limits.longestWaitForAppend
                guard let end = try reader.committedEnd(within: patience) else {
                    blockedSegments.insert(number)
                    blockedReason = .buffer(.busy(path: reader.path))
                    continue
                }
                blockedSegments.remove(number)
                if positions.position(in: reader).offset < end { return (reader, end) }
            }
            return nil
        } catch let error as BufferError {
            throw StoreError.buffer(error)
        }
    }

    /// Returns the reader of a segment; nil when the segment does not exist or has no whole header yet. Without a
    /// header the segment has no id under which its position could be stored. The process that creates the segment
    /// acknowledges no record before it has written the header.
    package func reader(of number: WriteAheadBuffer.SegmentNumber) throws(BufferError) -> SegmentReader? {
        if let reader = readers[number], try reader.isThere() { return reader }
        guard let reader = try buffer.reader(of: number), reader.header != .incomplete else { return nil }
        if case .newer(let version) = reader.header { throw .newerVersion(path: reader.path, version: version) }
        readers[number] = reader
        return reader
    }

    /// Resets cached state after a rollback, because the state no longer matches the tables.
    package func recover() throws(StoreError) {
        forgetRows()
        positions = try asStoreError(data.databasePath) { try queue.read { try BufferPositions(from: $0) } }
    }

    /// Discards cached rows after rows were removed or a transaction was rolled back.
    package func forgetRows() {
        ingest.abandon()
    }

    /// Stores all records of a segment that are before the offset `end`, in one transaction.
    package func store(_ reader: SegmentReader, upTo end: Int) throws {
        do {
            try queue.write { database in
                try positions.recall(reader, in: database)
                while positions.position(in: reader).offset < end {
                    _ = try ingest(reader, upTo: end, into: database)
                    if ingest.isFull { try ingest.finish(into: database, now: clock.now()) }
                }
                try ingest.finish(into: database, now: clock.now())
            }
        } catch {
            try recover()
            throw error
        }
    }

    /// Discards the cached reader of a segment whose file the caller has removed.
    package func forget(_ number: WriteAheadBuffer.SegmentNumber) {
        readers[number] = nil
    }

    /// Synchronizes the removal of segments to disk, and then moves their positions to `stored_segments`.
    package func keepOnlyPresentPositions() throws {
        try buffer.synchronize()
        let segments = try buffer.segments()
        try queue.write { try positions.keepOnly(segments, in: $0) }
    }

    // MARK: Removing what is stored

    /// Checkpoints the database to disk and then removes the segments whose events are stored. The order matters: a
    /// power failure can undo commits that were not checkpointed, and their records must still be in the buffer.
    func checkpoint(includingNewest: Bool) throws(StoreError) {
        let isComplete = try asStoreError(data.databasePath) {
            try queue.writeWithoutTransaction { database in
                let result = try database.checkpoint(.passive)
                let isComplete = result.walFrameCount == result.checkpointedFrameCount
                let cutting = includingNewest && walFileBytes >= Limits.walBytes / 2
                if isComplete, cutting || wal.bytes > 0 { try restartWAL(in: database, cutting: cutting) }
                return isComplete
            }
        }
        guard isComplete else { return }
        try requireFiles()
        do {
            if try removeStored(includingNewest: includingNewest) {
                try keepOnlyPresentPositions()
            }
        } catch {
            throw StoreError(error, path: data.databasePath)
        }
    }

    /// Throws when the database file or the lock file was removed or replaced. Other processes do not see events in a
    /// removed database file. The segments with these events therefore stay in the buffer, for the next database.
    /// Without the lock file another process may write concurrently.
    private func requireFiles() throws(StoreError) {
        guard FileIdentity(of: data.databasePath) == identity else {
            throw .database(path: data.databasePath, message: "the file was removed or replaced while it was in use")
        }
        let isLocked: Bool
        do throws(SystemError) { isLocked = try lock?.isEffective() ?? false } catch { throw .system(error) }
        guard isLocked else {
            throw .database(path: data.writerLockPath, message: "the file was removed or replaced while it was in use")
        }
    }

    /// The length of SQLite's WAL file. Unlike `wal.bytes`, it includes bytes that are no longer in use.
    private var walFileBytes: Int { data.folder.size(of: "nexus.db-wal") ?? 0 }

    /// Makes SQLite overwrite the WAL from its start with the next commit. The database must already contain the whole
    /// WAL. If `cutting` is true, the function also truncates the file; the caller requests this at the end of a drain
    /// with a long WAL. A process that still reads from the WAL prevents both. The writer does not wait for this
    /// process.
    private func restartWAL(in database: Database, cutting: Bool) throws {
        try database.execute(sql: "PRAGMA busy_timeout = 0")
        defer { try? database.execute(sql: "PRAGMA busy_timeout = \(DatabaseOpening.busyMilliseconds)") }
        do {
            _ = try database.checkpoint(cutting ? .truncate : .restart)
            wal.reset()
        } catch DatabaseError.SQLITE_BUSY {}
    }

    /// Removes segments that are stored to their end. Returns whether it removed any.
    private func removeStored(includingNewest: Bool) throws(BufferError) -> Bool {
        var removedAny = false
        let segments = try buffer.segments()
        for number in includingNewest ? segments : segments.dropLast() {
            guard let reader = try reader(of: number) else { continue }
            let position = positions.position(in: reader)
            if try buffer.remove(reader, drainedTo: position.offset, keepAside: position.isDamaged) {
                readers[number] = nil
                removedAny = true
            }
        }
        return removedAny
    }
}
