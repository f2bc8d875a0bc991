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

    /// Returns once every append that was in progress at the call has ended. If the settings were changed before the call, no
    /// append uses the old ones any more. Throws `BufferError.busy` for an append that does not end.
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

        /// The upper half is no segment's, so that a number fits a column of the database.
        static let highest = SegmentNumber(UInt64(Int64.max) - 1)

        /// The number in a file name; nil for a name that is not a segment's.
        init?(fileName: String) {
            guard fileName.hasSuffix(".wab"), fileName.utf8.count == 20,
                let value = UInt64(fileName.dropLast(4), radix: 16)
            else { return nil }
            self.value = value
            // `UInt64` also parses a sign and capitals; such a file would be listed and never found.
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

    /// Returns whether a drain is due after an append: an earlier, whole segment is waiting. Only the append that begins a
    /// segment, and one append for each `Limits.backlogLookBytes`, checks this, so that not every append lists the folder.
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

    /// Removes a segment unless records were appended after `end`, the position that is stored or being stored. With
    /// `keepAside` the file is kept under another name, for an inspection of its damage.
    ///
    /// Call `synchronize` afterwards. Returns whether the segment was removed.
    package func remove(_ reader: SegmentReader, drainedTo end: Int, keepAside: Bool) throws(BufferError) -> Bool {
        try asBufferError { () throws(SystemError) in
            // Under the lock no process is between checking the segment and appending to it.
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

    /// Removes a segment whole and overwrites its file. Appends to it wait while `store` stores its content up to the offset
    /// that it is passed. Returns whether it was still there; throws `BufferError.busy` when an append does not end.
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

    /// Removes the segments that were kept aside and overwrites their files; returns how many.
    package func removeDamaged() throws(BufferError) -> Int {
        try asBufferError { () throws(SystemError) in
            let names = try damagedNames()
            for name in names { try folder.removeOverwriting(name) }
            return names.count
        }
    }

    /// Returns once creations and removals are on disk. If nothing was ever recorded there is no folder, and it does nothing.
    package func synchronize() throws(BufferError) {
        guard folder.exists else { return }
        try asBufferError { () throws(SystemError) in try folder.synchronize() }
    }

    /// Returns the segments that were kept aside because they contain damage.
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
