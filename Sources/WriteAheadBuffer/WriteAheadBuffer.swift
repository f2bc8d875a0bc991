package import Core
package import SystemSupport

/// The folder of segments between every recorder and the database.
///
/// Recorders append to the newest segment (`SegmentAppender`). The holder of the writer lock reads all segments
/// (`SegmentReader`) and removes the stored ones.
package struct WriteAheadBuffer: Sendable {
    package let folder: Folder

    package init(folder: Folder) {
        self.folder = folder
    }

    /// The data folder that the buffer is a part of.
    package var data: DataFolder { DataFolder(folder.parent.path) }

    /// Returns once every append that was in progress at the call has ended. If the settings were changed before the
    /// call, no later append uses the old settings. Throws `BufferError.busy` if such an append does not end.
    package func waitForAppends() throws(BufferError) {
        guard folder.exists else { return }
        let hasWaited = try asBufferError { () throws(SystemError) in
            let folder = try File(opening: folder.path, [.read, .folder])
            return try folder.lock(within: Limits.longestWaitForAppend)
        }
        guard hasWaited else { throw .busy(path: folder.path) }
        for number in try segments() {
            guard let reader = try reader(of: number) else { continue }
            guard try reader.committedEnd() != nil else { throw .busy(path: reader.path) }
        }
    }

    /// The number of a segment, which orders the segments.
    package struct SegmentNumber: Comparable, Hashable, Sendable {
        package let value: UInt64

        package init(_ value: UInt64) {
            self.value = value
        }

        /// The highest number of a segment. Higher values of `UInt64` are not used, so that a number fits a column of
        /// the database.
        static let highest = SegmentNumber(UInt64(Int64.max) - 1)

        /// The number in a file name; nil for a name that is not a segment's.
        init?(fileName: String) {
            guard fileName.hasSuffix(".wab"), fileName.utf8.count == 20,
                let value = UInt64(fileName.dropLast(4), radix: 16)
            else { return nil }
            self.value = value
            // `UInt64` also parses a sign and capital letters. A file with such a name would be listed, but not found
            // by `fileName`.
            guard self.fileName == fileName, self <= Self.highest else { return nil }
        }

        package var fileName: String {
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits + ".wab"
        }

        package static func < (left: SegmentNumber, right: SegmentNumber) -> Bool { left.value < right.value }
    }

    /// Returns the segments, oldest first.
    package func segments() throws(BufferError) -> [SegmentNumber] {
        try asBufferError { () throws(SystemError) in try folder.names() }
            .compactMap(SegmentNumber.init(fileName:)).sorted()
    }

    /// Returns whether a drain is due after an append, because an earlier segment is waiting. Listing the folder takes
    /// time, so only some appends check this: the first append of a segment, and one append for each
    /// `Limits.backlogLookBytes` bytes.
    package func isDrainDue(after receipt: SegmentAppender.Receipt) -> Bool {
        let isFirst = receipt.start <= SegmentFormat.headerLength
        guard isFirst || receipt.start / Limits.backlogLookBytes != receipt.end / Limits.backlogLookBytes,
            // A folder that cannot be read now must not make the accepted batch fail.
            let oldest = try? segments().first
        else { return false }
        return oldest < receipt.segment
    }

    /// Opens a segment for reading; nil when it was removed.
    package func reader(of number: SegmentNumber) throws(BufferError) -> SegmentReader? {
        do throws(SystemError) {
            return try SegmentReader(
                file: File(opening: folder.path(of: number.fileName), [.read, .regular]), number: number)
        } catch  where error.isNotFound {
            return nil
        } catch {
            throw .system(error)
        }
    }

    /// Removes a segment, unless records were appended after `end`. The records up to the offset `end` are stored or
    /// being stored. With `keepAside`, the file is kept under another name, so that its damage can be inspected.
    ///
    /// Call `synchronize` afterwards.
    /// - Returns: true if this call has removed the segment or has kept it aside.
    package func remove(_ reader: SegmentReader, drainedTo end: Int, keepAside: Bool) throws(BufferError) -> Bool {
        try asBufferError { () throws(SystemError) in
            // While this process holds the lock, no other process is between its check of the segment and its append.
            guard try reader.file.lock(within: Limits.longestWaitForSegment) else { return false }
            defer { reader.file.unlock() }
            guard try reader.file.isAtItsPath() else { return false }
            guard SegmentFormat.aligned(try reader.file.status().size) <= SegmentFormat.aligned(end) else {
                return false
            }
            let name = reader.number.fileName
            if keepAside {
                try folder.rename(name, to: name + Self.damagedSuffix)
                try removeOldDamaged()
            } else {
                try folder.remove(name)
            }
            return true
        }
    }

    /// Removes a whole segment and overwrites its file. Before the removal, calls `store` with the length of the
    /// segment, to store the content up to that offset. Appends to the segment wait meanwhile. Throws
    /// `BufferError.busy` if an append in progress does not end.
    /// - Returns: true if the segment still had its name and was removed.
    package func removeWhole(_ reader: SegmentReader, store: (_ end: Int) throws -> Void) throws -> Bool {
        guard try reader.file.lock(within: Limits.longestWaitForAppend) else {
            throw BufferError.busy(path: reader.path)
        }
        defer { reader.file.unlock() }
        guard try reader.file.isAtItsPath() else { return false }
        try store(try reader.file.status().size)
        try folder.removeOverwriting(reader.number.fileName)
        return true
    }

    /// Removes the segments that were kept aside and overwrites their files. Returns the number of removed segments.
    package func removeDamaged() throws(BufferError) -> Int {
        try asBufferError { () throws(SystemError) in
            let names = try damagedNames()
            for name in names { try folder.removeOverwriting(name) }
            return names.count
        }
    }

    /// Returns once created and removed names are on disk. Does nothing if the folder does not exist, because nothing
    /// was ever recorded.
    package func synchronize() throws(BufferError) {
        guard folder.exists else { return }
        try asBufferError { () throws(SystemError) in try folder.synchronize() }
    }

    /// Returns the file names of the segments that were kept aside because they contain damage.
    package func damagedSegments() throws(BufferError) -> [String] {
        try asBufferError { () throws(SystemError) in try damagedNames() }
    }

    private static let damagedSuffix = ".damaged"

    private func damagedNames() throws(SystemError) -> [String] {
        try folder.names().filter { $0.hasSuffix(Self.damagedSuffix) }.sorted()
    }

    private func removeOldDamaged() throws(SystemError) {
        for name in try damagedNames().dropLast(Limits.damagedSegmentsKept) { try folder.remove(name) }
    }
}
