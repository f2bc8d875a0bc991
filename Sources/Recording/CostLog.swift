package import Core
package import SystemSupport
package import WriteAheadBuffer

/// The durations of the last calls that recorded one event: the time for which a script waits for the recorder.
///
/// The file `costs` has four bytes for each call: its duration in microseconds, little-endian. When the file holds
/// twice `entriesKept` calls, the older half is dropped. The file is for information only, so a call that would have to
/// wait for the file's lock is not noted.
package struct CostLog: Sendable {
    /// The number of calls that a summary uses.
    package static let entriesKept = 1000
    private static let entryBytes = 4

    private let data: DataFolder

    package init(_ data: DataFolder) {
        self.data = data
    }

    private var path: String { data.folder.path(of: "costs") }

    /// Appends the duration of a call to the file, unless another process holds the file's lock or recording is off.
    func note(nanoseconds: UInt64) {
        // If the folder cannot be used, for example because it is a link, no event was recorded and no cost is noted.
        guard (try? data.folder.requireOwn()) != nil, makeIfMissing(),
            let file = try? File(opening: path, [.readWrite, .append, .regular]), (try? file.tryLock()) == true
        else {
            return
        }
        defer { file.unlock() }
        var policy = RecordingPolicyCache(data)
        // The policy is checked under the lock, because `nexus telemetry off` waits for this lock.
        guard policy.isOpen() else { return }
        var bytes: [UInt8] = []
        try? dropOld(file)
        Self.append(UInt32(clamping: nanoseconds / 1000), to: &bytes)
        try? file.write(bytes.span)
    }

    /// Creates the file if it is missing, under the lock of the data folder, so that the settings cannot change
    /// meanwhile.
    /// - Returns: true if the file exists; false if recording is off or the file cannot be created.
    private func makeIfMissing() -> Bool {
        if data.folder.has("costs") { return true }
        guard let lock = try? data.lock() else { return false }
        defer { lock.unlock() }
        var policy = RecordingPolicyCache(data)
        return policy.isOpen() && (try? File(opening: path, [.readWrite, .create, .regular])) != nil
    }

    /// Waits until the writes to the file that were in progress at the call have ended. Throws `BufferError.busy` if a
    /// write does not end within `Limits.longestWaitForAppend`.
    package func waitForWrites() throws(BufferError) {
        guard data.folder.has("costs") else { return }
        let hasWaited: Bool
        do throws(SystemError) {
            hasWaited = try File(opening: path, [.read, .regular]).lock(within: Limits.longestWaitForAppend)
        } catch  where error.isNotAFile {
            // A recorder writes only to a regular file, so there is no write to wait for.
            return
        } catch {
            throw .system(error)
        }
        guard hasWaited else { throw .busy(path: path) }
    }

    /// The number of calls, and the median and the 99th percentile of their durations, in microseconds.
    package struct Summary: Equatable, Sendable {
        package let calls: Int
        package let p50: Int
        package let p99: Int
    }

    /// Returns a summary of the last `entriesKept` calls; nil if no call was noted.
    package func summary() throws(SystemError) -> Summary? {
        guard data.folder.has("costs") else { return nil }
        let file: File
        do { file = try File(opening: path, [.read, .regular]) } catch  where error.isNotAFile { return nil }
        let costs = try Self.lastEntries(of: file).sorted()
        guard !costs.isEmpty else { return nil }
        func rank(_ percent: Int) -> Int { Int(costs[(costs.count * percent + 99) / 100 - 1]) }
        return Summary(calls: costs.count, p50: rank(50), p99: rank(99))
    }

    private func dropOld(_ file: borrowing File) throws(SystemError) {
        guard try file.status().size >= 2 * Self.entriesKept * Self.entryBytes else { return }
        let kept = try Self.lastEntries(of: file)
        try file.truncate(to: 0)
        var bytes: [UInt8] = []
        for entry in kept { Self.append(entry, to: &bytes) }
        try file.write(bytes.span)
    }

    private static func append(_ entry: UInt32, to bytes: inout [UInt8]) {
        for place in 0..<entryBytes { bytes.append(UInt8(truncatingIfNeeded: entry >> UInt32(8 * place))) }
    }

    private static func lastEntries(of file: borrowing File) throws(SystemError) -> [UInt32] {
        let end = try file.status().size / entryBytes * entryBytes
        let start = max(0, end - entriesKept * entryBytes)
        var bytes: [UInt8] = []
        while bytes.count < end - start,
            try file.read(appendingTo: &bytes, at: start + bytes.count, limit: end - start - bytes.count) > 0
        {}
        return stride(from: 0, to: bytes.count / entryBytes * entryBytes, by: entryBytes).map { place in
            (0..<entryBytes).reduce(0) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) }
        }
    }
}
