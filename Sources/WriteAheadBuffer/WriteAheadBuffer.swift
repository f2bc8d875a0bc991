package import Core
package import SystemSupport

/// The folder of segments. A segment is a file that keeps recorded events until a drain stores them in the database.
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
    /// call, no later append uses the old settings. Throws `BufferError.busy` if an append in progress does not end.
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

    /// The number in the file name of a segment. A newer segment has a higher number.
    package struct SegmentNumber: Comparable, Hashable, Sendable {
        package let value: UInt64

        package init(_ value: UInt64) {
            self.value = value
        }

        /// The highest number that a segment may have. Every number up to it fits an integer column of the database.
        static let highest = SegmentNumber(UInt64(Int64.max) - 1)

        /// The number in a file name; nil if no segment can have this name.
        init?(fileName: String) {
            guard fileName.hasSuffix(".wab"), fileName.utf8.count == 20,
                let value = UInt64(fileName.dropLast(4), radix: 16)
            else { return nil }
            self.value = value
            // `UInt64` also parses a sign and capital letters. For such a name, `fileName` would return another name.
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

    /// Returns whether a drain is due after an append: a segment older than the segment of the append is still in the
    /// folder. Listing the folder takes time. Therefore the call lists it only after the first append of a segment, and
    /// then after one append for each `Limits.backlogLookBytes` bytes. After every other append the result is false.
    package func isDrainDue(after receipt: SegmentAppender.Receipt) -> Bool {
        let isFirst = receipt.start <= SegmentFormat.headerLength
        guard isFirst || receipt.start / Limits.backlogLookBytes != receipt.end / Limits.backlogLookBytes,
            // The batch is already accepted, so a folder that cannot be read must not cause an error.
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

    /// Removes a segment, unless an append is in progress or records were appended after the offset `end`. The caller
    /// must have stored the records before `end`. If `keepAside` is true, renames the file instead of removing it, so
    /// that the user can inspect the file.
    ///
    /// The removal or the renaming is on disk only after a later call of `synchronize`.
    /// - Returns: true if this call has removed or renamed the segment.
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
    /// segment; `store` must store the records up to that offset. Meanwhile, other processes cannot append to the
    /// segment. Throws `BufferError.busy` if an append in progress does not end.
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

    /// Removes the damaged segments that were kept aside, and overwrites their files. Returns the number of removed
    /// segments.
    package func removeDamaged() throws(BufferError) -> Int {
        try asBufferError { () throws(SystemError) in
            let names = try damagedNames()
            for name in names { try folder.removeOverwriting(name) }
            return names.count
        }
    }

    /// Returns once the creations and removals of segments are on disk. If the folder does not exist, nothing was ever
    /// recorded, and the call does nothing.
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
