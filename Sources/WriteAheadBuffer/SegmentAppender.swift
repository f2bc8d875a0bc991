import Core
package import SystemSupport

/// Appends batches to the newest segment. Several processes may append concurrently; each has its own appender.
///
/// The kernel's file lock orders the appends. If a process is killed, the kernel releases its lock.
///
/// Besides full and damaged segments, two kinds of segment get no more records: a segment from before the last start of
/// the computer, and a copy of a segment. After a power failure, a segment may be shorter than its read position in the
/// database. A copy of a segment may be older than the database that was copied with it. In both cases the drain would
/// take newly appended records for records that it has already read, and skip them.
package final class SegmentAppender {
    private let buffer: WriteAheadBuffer
    private let clock: any WallClock
    private let bootID: [UInt8]?
    /// Every append checks the policy while it holds the lock, so that changed settings apply to the next append.
    private var policy: RecordingPolicyCache
    private var current: OpenSegment?
    /// The newest segment to which this appender must not append. The segment may be full, damaged, a copy, from before
    /// the last start of the computer, or locked too long. Or it holds an uncertain batch (see `hasUncertainBatch`).
    /// Only newer segments are used.
    private var unusable: WriteAheadBuffer.SegmentNumber?
    /// Whether an append failed and left at least a part of its batch in the segment. Either the fsync failed, or the
    /// truncation after a failed write. The drain may have stored such a batch, so it must not be appended a second
    /// time.
    package private(set) var hasUncertainBatch = false

    private struct OpenSegment: ~Copyable {
        let file: File
        let number: WriteAheadBuffer.SegmentNumber
        /// Whether its header was read and permits appending.
        var isChecked = false
        /// Whether its name is known to survive a power failure.
        var isNameDurable = false
    }

    package init(
        buffer: WriteAheadBuffer, clock: any WallClock = SystemClock(), bootID: [UInt8]? = ProcessIdentity.bootID()
    ) {
        self.buffer = buffer
        self.clock = clock
        self.bootID = bootID
        policy = RecordingPolicyCache(buffer.data)
    }

    /// The segment of an appended batch, and the offsets at which the batch starts and ends.
    package struct Receipt: Equatable, Sendable {
        package let segment: WriteAheadBuffer.SegmentNumber
        package let start: Int
        package let end: Int
    }

    /// Appends a whole batch. After the call returns, the records survive the end of any process. If `durable` is true,
    /// they also survive a power failure. If the call throws, no record of the batch counts as accepted.
    package func append(_ batch: Span<UInt8>, durable: Bool = false) throws(BufferError) -> Receipt {
        while true {
            // The settings are checked here before any file is opened, and again under the lock.
            if current == nil { try passGate() }
            let segment = try takeCurrent()
            if let receipt = try append(batch, to: segment, durable: durable) { return receipt }
        }
    }

    private func passGate() throws(BufferError) {
        switch policy.look() {
        case .success(.on): return
        case .success(.off(let reason)): throw .off(reason: reason)
        case .failure(let error): throw .settings(error)
        }
    }

    /// Tries to append a batch to this segment; nil if the segment is removed, locked too long or accepts no more
    /// records. The caller must then use another segment.
    private func append(
        _ batch: Span<UInt8>, to opened: consuming OpenSegment, durable: Bool
    ) throws(BufferError) -> Receipt? {
        var segment = opened
        guard try hasLocked(segment.file, within: Limits.longestWaitForSegment) else {
            unusable = segment.number
            return nil
        }
        try passGate()
        do throws(SystemError) {
            guard let size = try usableSize(of: &segment) else { return nil }
            let end = try write(batch, to: segment, behind: size)
            segment.file.unlock()
            if durable { try synchronize(&segment) }
            let receipt = Receipt(segment: segment.number, start: SegmentFormat.aligned(size), end: end)
            current = consume segment
            return receipt
        } catch {
            throw .system(error)
        }
    }

    /// Acquires the lock of a segment or of the folder.
    /// - Returns: true if the lock is acquired; false if its holder does not release it in time.
    private func hasLocked(_ file: borrowing File, within patience: Duration) throws(BufferError) -> Bool {
        do { return try file.lock(within: patience) } catch { throw .system(error) }
    }

    private func write(
        _ batch: Span<UInt8>, to segment: borrowing OpenSegment, behind size: Int
    ) throws(SystemError) -> Int {
        let start = SegmentFormat.aligned(size)
        do throws(SystemError) {
            if start > size { try segment.file.write([UInt8](repeating: 0, count: start - size).span) }
            try segment.file.write(batch)
        } catch {
            // If the disk is full, a part of the batch may have been written. The truncation removes that part, so that
            // the next record directly follows the last complete record.
            do throws(SystemError) { try segment.file.truncate(to: size) } catch {
                // If the truncation fails too, whole records of the batch may remain.
                unusable = segment.number
                hasUncertainBatch = true
            }
            throw error
        }
        return start + batch.count
    }

    /// Synchronizes a segment and its name to disk. After a failed fsync the written data may be lost, even if a second
    /// fsync succeeds. The segment is therefore never used again, and no record of the batch is acknowledged.
    private func synchronize(_ segment: inout OpenSegment) throws(SystemError) {
        do throws(SystemError) {
            try segment.file.synchronizeData()
            if !segment.isNameDurable {
                try buffer.folder.synchronize()
                try buffer.folder.parent.synchronize()
                segment.isNameDurable = true
            }
        } catch {
            unusable = segment.number
            hasUncertainBatch = true
            throw error
        }
    }

    /// Returns the length of a locked segment if the segment accepts another batch; otherwise nil. A segment that
    /// accepts no batch is also marked as unusable, unless a drain has removed or renamed it.
    private func usableSize(of segment: inout OpenSegment) throws(SystemError) -> Int? {
        guard let status = try segment.file.statusAtItsPath() else { return nil }
        guard status.size < Limits.segmentBytes, try checkHeader(of: &segment) else {
            unusable = segment.number
            return nil
        }
        return max(status.size, SegmentFormat.headerLength)
    }

    /// Checks the header of a segment before its first use, and writes the header if the file has none yet.
    /// - Returns: true if the header permits appending.
    private func checkHeader(of segment: inout OpenSegment) throws(SystemError) -> Bool {
        if segment.isChecked { return true }
        let inode = UInt32(truncatingIfNeeded: try segment.file.status().inode)
        var bytes: [UInt8] = []
        _ = try segment.file.read(appendingTo: &bytes, at: 0, limit: SegmentFormat.headerLength)
        switch SegmentFormat.readHeader(bytes.span) {
        case .valid(let header):
            guard let bootID, header.bootID == bootID, header.inode == inode else { return false }
        case .incomplete:
            try segment.file.truncate(to: 0)
            try segment.file.write(newHeader(inode: inode).encoded().span)
        case .damaged, .newer:
            return false
        }
        segment.isChecked = true
        return true
    }

    private func newHeader(inode: UInt32) -> SegmentFormat.Header {
        var generator = SystemRandomNumberGenerator()
        return SegmentFormat.Header(
            id: (0..<16).map { _ in generator.next() }, bootID: bootID ?? [UInt8](repeating: 0, count: 16),
            createdAt: clock.now(), inode: inode)
    }

    /// Returns the segment of the last append and clears `current`; if `current` is nil, returns the newest segment.
    /// The caller sets `current` again once an append has succeeded.
    private func takeCurrent() throws(BufferError) -> OpenSegment {
        if let segment = current.take() { return segment }
        return try openNewest()
    }

    private func openNewest() throws(BufferError) -> OpenSegment {
        if let newest = try newestCandidate(), let segment = try open(newest) { return segment }
        return try startSegment()
    }

    private func newestCandidate() throws(BufferError) -> WriteAheadBuffer.SegmentNumber? {
        guard let newest = try buffer.segments().last else { return nil }
        if let unusable, newest <= unusable { return nil }
        return newest
    }

    /// Opens a segment for appending; nil if it was removed since the folder was listed.
    private func open(_ number: WriteAheadBuffer.SegmentNumber) throws(BufferError) -> OpenSegment? {
        do throws(SystemError) {
            let path = buffer.folder.path(of: number.fileName)
            return OpenSegment(file: try File(opening: path, [.readWrite, .append]), number: number)
        } catch  where error.isNotFound {
            return nil
        } catch {
            throw .system(error)
        }
    }

    /// Creates the buffer folder. The call holds the lock of the data folder, so that the settings cannot change
    /// meanwhile.
    private func prepareFolder() throws(BufferError) {
        let lock = try asBufferError { () throws(SystemError) in try buffer.data.lock() }
        defer { lock.unlock() }
        try passGate()
        try asBufferError { () throws(SystemError) in try buffer.folder.prepare() }
    }

    /// Creates a segment. If another process has just created a segment, opens that segment instead. The lock of the
    /// folder admits one process at a time.
    private func startSegment() throws(BufferError) -> OpenSegment {
        if !buffer.folder.exists { try prepareFolder() }
        let folder = try asBufferError { () throws(SystemError) in
            try buffer.folder.requireOwn()
            return try File(opening: buffer.folder.path, [.read, .folder])
        }
        guard try hasLocked(folder, within: Limits.longestWaitForAppend) else {
            throw .busy(path: buffer.folder.path)
        }
        defer { folder.unlock() }
        try passGate()
        if let newest = try newestCandidate(), let segment = try open(newest) { return segment }
        let segments = try buffer.segments()
        guard segments.count < Limits.waitingSegments else { throw .full(folder: buffer.folder.path) }
        // A new number is at least the current time in seconds since 1970. Therefore numbers keep increasing after the
        // folder was emptied.
        let now = UInt64(clamping: clock.now() / 1000)
        let number = WriteAheadBuffer.SegmentNumber(max(segments.last.map { $0.value + 1 } ?? 0, now))
        // `segments()` would not list a higher number.
        guard number <= .highest else { throw .full(folder: buffer.folder.path) }
        return try asBufferError { () throws(SystemError) in
            let path = buffer.folder.path(of: number.fileName)
            // The first process that locks the file writes the header. The first may be another process, because other
            // processes can already find the file.
            return OpenSegment(
                file: try File(opening: path, [.readWrite, .append, .create, .exclusive]), number: number)
        }
    }
}
