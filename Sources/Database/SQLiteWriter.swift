package import Core
package import GRDB
package import SystemSupport
package import WriteAheadBuffer

/// The one writer: takes what waits in the write-ahead buffer into the database.
///
/// Rows, session counters, rollups, counters and the position in the buffer are written in one transaction, so each event
/// is in the tables once whenever the process ends. Recovery is the next drain. It works on a thread of its own, as
/// SQLite blocks; between two transactions it looks whether it was cancelled.
package actor SQLiteWriter {
    private let executor = ThreadExecutor()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    package let data: DataFolder
    package let clock: any WallClock
    package let buffer: WriteAheadBuffer
    package let queue: DatabaseQueue
    /// Which file the database was when it was opened.
    private let identity: FileIdentity?
    var ingest: SegmentIngest
    /// The connection refers to it, so it is released after the connection and the statements that keep that.
    private let wal: WALSizeMonitor
    private var positions: BufferPositions
    private var readers: [WriteAheadBuffer.SegmentNumber: SegmentReader] = [:]
    private var chunk: [UInt8] = []
    /// Why something has to stay in the buffer for now: a program that reads the database has kept its log from being emptied
    /// for so long that it has reached its bound (`StoreError.blockedByReader`), or one that records has stopped in the middle of an
    /// append (`BufferError.busy`).
    package private(set) var blockedReason: StoreError?
    /// The segments in which an append did not end when it was waited for: only a look is taken whether it has.
    private var blockedSegments: Set<WriteAheadBuffer.SegmentNumber> = []
    private var policy: RecordingPolicyCache
    /// Whether it is recording that this writer serves; one that serves a wish of the person works while that is off too.
    private let obeysSettings: Bool
    /// After the database, so that it is released when that is closed. Nil once the writer was closed.
    private var lock: WriterLock?

    /// Opens the database of a data folder, and creates it where there is none.
    /// - Parameters:
    ///   - parts: what other modules keep and do in this database; every writer of a folder has the same.
    ///   - obeysSettings: whether the writer stores nothing more once recording is off. Maintenance that the user started sets
    ///     this to false.
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
                // A writer that was killed may have removed them. Before they are forgotten no power cut may bring them back.
                if positions.hasOthers(than: segments) { try buffer.synchronize() }
                try positions.keepOnly(segments, in: database)
                return positions
            }
        }
    }

    /// Opens the database, passes its writer to `work`, and closes it, also when `work` throws.
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
    /// It truncates the WAL first: SQLite, when it closes the last connection, removes the WAL's index before the WAL. A
    /// process that is killed in between leaves a WAL that a reader without write access cannot read, unless it is empty.
    /// A failure loses nothing: the next writer recovers the WAL.
    package func close() {
        try? queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA busy_timeout = 0")
            _ = try database.checkpoint(.truncate)
        }
        ingest = SegmentIngest(derivedTables: NoDerivedTables())
        try? queue.close()
        lock = nil
    }

    /// Whether this writer has to be let go of: recording was switched off, or somebody else waits for the lock.
    package func shouldYield() throws(StoreError) -> Bool {
        if obeysSettings, !policy.isOpen() { return true }
        do throws(SystemError) { return try lock?.isWanted() ?? true } catch { throw .system(error) }
    }

    /// Takes in all that waits, one transaction after another; returns how many events that were. Stops early, between
    /// two transactions, when the task is cancelled or the writer must yield.
    package func drain() throws(StoreError) -> Int {
        var events = 0
        while !Task.isCancelled, try !shouldYield() {
            guard let step = try drainOnce() else { break }
            events += step
        }
        return events
    }

    /// Ends a drain for good: orphaned sessions are closed, all is on disk, and stored segments are gone.
    package func finish() throws(StoreError) {
        let now = clock.now()
        try asStoreError(data.databasePath) {
            try queue.write { try ingest.closeOrphanedSessions(in: $0, now: now) }
        }
        try checkpoint(includingNewest: true)
    }

    /// Computes what an earlier version did not keep, a transaction a day, for `duration` or until all is done.
    /// - Returns: the share that is done, 1 when nothing is left.
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

    /// Takes in at most a transaction's worth; returns how many events that were, nil when nothing waits or it is held up.
    package func drainOnce() throws(StoreError) -> Int? {
        blockedReason = nil
        guard
            let waiting = try asStoreError(
                data.databasePath, { try queue.writeWithoutTransaction { try nextWaiting(in: $0) } })
        else { return nil }
        if wal.bytes >= Limits.databaseLogBytes / 2 { try checkpoint(includingNewest: false) }
        if wal.bytes > Limits.databaseLogBytes - Limits.transactionLogBytes {
            blockedReason = .blockedByReader(path: data.databasePath)
            return nil
        }
        do {
            return try queue.write { database in
                var events = 0
                var next: (reader: SegmentReader, end: Int)? = waiting
                while let (reader, end) = next, !ingest.isFull {
                    events += try ingest(reader, upTo: end, into: database)
                    // Under a trickle of events something always waits; whoever wants the lock is not made to.
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

    /// Takes in what stands in one segment before `end`, until the transaction is full.
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

    /// The oldest segment in which something waits and no append is stuck, and how far it is written.
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

    /// A segment that can be read. One without a whole header has no id yet under which its position could be kept; its
    /// maker is about to write it, and until then nothing in it is acknowledged.
    package func reader(of number: WriteAheadBuffer.SegmentNumber) throws(BufferError) -> SegmentReader? {
        if let reader = readers[number], try reader.isThere() { return reader }
        guard let reader = try buffer.reader(of: number), reader.header != .incomplete else { return nil }
        if case .newer(let version) = reader.header { throw .newerVersion(path: reader.path, version: version) }
        readers[number] = reader
        return reader
    }

    /// After a transaction that was taken back: what is remembered is no longer what the tables hold.
    package func recover() throws(StoreError) {
        forgetRows()
        positions = try asStoreError(data.databasePath) { try queue.read { try BufferPositions(from: $0) } }
    }

    /// After rows were removed, or a transaction was taken back: what is remembered of them is wrong.
    package func forgetRows() {
        ingest.abandon()
    }

    /// Stores all of a segment before `end`, in a transaction of its own.
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

    /// Forgets a segment whose file the caller has removed.
    package func forget(_ number: WriteAheadBuffer.SegmentNumber) {
        readers[number] = nil
    }

    /// Forgets the positions in segments that are gone, after the removal was written to disk.
    package func keepOnlyPresentPositions() throws {
        try buffer.synchronize()
        let segments = try buffer.segments()
        try queue.write { try positions.keepOnly(segments, in: $0) }
    }

    // MARK: Removing what is stored

    /// Brings the database up to date on disk and then removes the segments that it has taken in. Not before: a power
    /// cut takes back commits that were not checkpointed, and their records must still be there.
    func checkpoint(includingNewest: Bool) throws(StoreError) {
        let isComplete = try asStoreError(data.databasePath) {
            try queue.writeWithoutTransaction { database in
                let result = try database.checkpoint(.passive)
                let isComplete = result.walFrameCount == result.checkpointedFrameCount
                let cutting = includingNewest && logFileBytes >= Limits.databaseLogBytes / 2
                if isComplete, cutting || wal.bytes > 0 { try startLogAnew(in: database, cutting: cutting) }
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

    /// Throws when others can no longer see what this writer does. What is stored in a file that is no longer there is not
    /// stored: its segments stay for the next database. And where the lock's file is gone another may write beside this one.
    private func requireFiles() throws(StoreError) {
        guard FileIdentity(of: data.databasePath) == identity else {
            throw .database(path: data.databasePath, message: "the file was removed or replaced while it was in use")
        }
        let isLocked: Bool
        do throws(SystemError) { isLocked = try lock?.isInForce() ?? false } catch { throw .system(error) }
        guard isLocked else {
            throw .database(path: data.writerLockPath, message: "the file was removed or replaced while it was in use")
        }
    }

    /// Bytes of SQLite's write-ahead log, in use or not.
    private var logFileBytes: Int { data.folder.size(of: "nexus.db-wal") ?? 0 }

    /// Has the log, all of which is in the database, written from its beginning again; at the end of a drain a long one is
    /// cut to nothing. Whoever still reads from it prevents that, and is not waited for.
    private func startLogAnew(in database: Database, cutting: Bool) throws {
        try database.execute(sql: "PRAGMA busy_timeout = 0")
        do {
            _ = try database.checkpoint(cutting ? .truncate : .restart)
            wal.reset()
        } catch DatabaseError.SQLITE_BUSY {}
        try database.execute(sql: "PRAGMA busy_timeout = \(DatabaseOpening.busyMilliseconds)")
    }

    /// Removes segments that are stored to their end; true when there were any.
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
