package import Core
package import SystemSupport

/// The key of all hashes of names: 32 random bytes that only this machine has.
package struct HashKey: Sendable, Equatable {
    package static let length = KeyFile.length
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) {
        precondition(bytes.count == Self.length)
        self.bytes = bytes
    }

    /// Reads the key of a data folder. If there never was a key and recording is on, creates a key. Processes that do
    /// so concurrently all get the same key.
    ///
    /// - Throws: `HashKeyError.lost` when a key existed but is missing now. A new key would give different hashes to
    ///   the same names.
    package static func load(from data: DataFolder) throws(HashKeyError) -> HashKey {
        // Every recorder calls `load`, so the folder is checked here. Another user with write access to the folder
        // could replace the settings and the key.
        try asKeyError { () throws(SystemError) in try data.folder.requireOwnIfThere() }
        let file = KeyFile(data)
        if let key = try read(data), file.wasMade { return key }
        let lock = try asKeyError { () throws(SystemError) in try data.lock() }
        defer { lock.unlock() }
        if let key = try read(data) {
            // An earlier version created this key, or a process created it and was killed before `noteMade`.
            if try isRecording(data) { try asKeyError { () throws(SystemError) in try file.noteMade() } }
            return key
        }
        try requireRecording(data)
        guard !file.wasMade else { throw .lost(path: data.keyPath) }
        try asKeyError { () throws(SystemError) in try file.putNew() }
        guard let key = try read(data) else { throw .damaged(path: data.keyPath) }
        return key
    }

    /// Reads the key of a data folder without creating a key; nil if there is no key.
    package static func existing(in data: DataFolder) throws(HashKeyError) -> HashKey? { try read(data) }

    private static func read(_ data: DataFolder) throws(HashKeyError) -> HashKey? {
        var bytes: [UInt8] = []
        var isExposed = false
        do throws(SystemError) {
            // If the file was replaced after it was opened, its content may be overwritten. Then the new file is read.
            var isCurrent = false
            while !isCurrent {
                let file = try File(opening: data.keyPath, [.read, .nonBlocking])
                let status = try file.status()
                guard status.isRegular else { throw SystemError.notAFile(data.keyPath) }
                isExposed = !File.isOwn(status) || status.isOpenToOthers
                bytes.removeAll()
                _ = try file.read(appendingTo: &bytes, limit: length + 1)
                isCurrent = try file.isAtItsPath()
            }
        } catch  where error.isNotFound {
            return nil
        } catch {
            throw .system(error)
        }
        guard !isExposed else { throw .exposed(path: data.keyPath) }
        // Zeros mean that the key was overwritten. Any program could guess such a key.
        guard bytes.count == length, bytes.contains(where: { $0 != 0 }) else { throw .damaged(path: data.keyPath) }
        return HashKey(bytes: bytes)
    }

    private static func isRecording(_ data: DataFolder) throws(HashKeyError) -> Bool {
        do throws(HashKeyError) { try requireRecording(data) } catch  where error.isOff { return false }
        return true
    }

    /// Throws unless the settings allow recording. The caller must hold the folder's lock. `nexus telemetry off` takes
    /// the same lock, so no key is created after that command has returned.
    private static func requireRecording(_ data: DataFolder) throws(HashKeyError) {
        let settings: Settings
        do { settings = try SettingsFile(data).load() } catch { throw .settings(error) }
        if case .off(let reason) = RecordingPolicy.of(settings) { throw .off(reason) }
    }
}

/// Provides the key of a data folder to a long-lived process, and detects a new key.
package struct HashKeySource: Sendable {
    /// The result of a comparison with the key of the last call.
    package enum Change: Sendable {
        /// The key is the same as at the last call.
        case none
        /// The key is different, or this is the first call. The value is nil when the key is lost.
        case key(HashKey?)
    }

    private let data: DataFolder
    private var stamp: FileStamp?
    private var isLost = false

    package init(_ data: DataFolder) {
        self.data = data
    }

    /// Compares the key with the key of the last call. This takes one system call if the key is the same, and two
    /// system calls if the key is still lost.
    package mutating func next() throws(HashKeyError) -> Change {
        let stamp = FileStamp(of: data.keyPath)
        if let stamp, stamp == self.stamp { return .none }
        if stamp == nil, isLost, KeyFile(data).wasMade { return .none }
        isLost = false
        // If `load` creates the key, the next call reads the stamp of the new file.
        self.stamp = stamp
        do throws(HashKeyError) {
            return .key(try HashKey.load(from: data))
        } catch  where error.isLost {
            isLost = true
            return .key(nil)
        } catch {
            self.stamp = nil
            throw error
        }
    }
}

private func asKeyError<Value: ~Copyable>(_ work: () throws(SystemError) -> Value) throws(HashKeyError) -> Value {
    do { return try work() } catch { throw .system(error) }
}

/// The reason why there is no key.
package enum HashKeyError: ReportedError, Equatable {
    case system(SystemError)
    /// The file does not contain a key of 32 bytes, or the key was overwritten with zeros.
    case damaged(path: String)
    /// Other users can read the file, or it belongs to another user, so hashes with this key would protect nothing.
    case exposed(path: String)
    /// A key existed, and names were hashed with it, but the file is missing. Events are recorded without names until
    /// there is a key again.
    case lost(path: String)
    /// There is no key, and recording is off, so no key is created. The text names the setting that disables recording.
    case off(String)
    case settings(SettingsError)

    package var description: String {
        switch self {
        case .system(let error): error.description
        case .damaged(let path):
            "cannot use \(path.escapedForDisplay): it is not a key of \(HashKey.length) bytes; restore it from a backup, "
                + "or run 'nexus telemetry rekey' for a new key, whose hashes cannot be linked to earlier hashes"
        case .lost(let path):
            "\(path.escapedForDisplay) is missing, and names were hashed with it: events are recorded without names; "
                + "restore the file from a backup, or run 'nexus telemetry rekey' for a new key"
        case .exposed(let path):
            "cannot use \(path.escapedForDisplay): it must be yours and closed to others; run 'chmod 600' on it, and "
                + "'nexus telemetry rekey' if another user may have read it"
        case .off(let reason): "recording is off, as \(reason.escapedForDisplay)"
        case .settings(let error): error.description
        }
    }

    /// Whether the key is lost, so that events are recorded without names.
    package var isLost: Bool {
        if case .lost = self { true } else { false }
    }

    /// Whether recording is off, so that nothing may be written.
    package var isOff: Bool {
        switch self {
        case .off: true
        case .settings(let error): error.isOff
        case .system, .damaged, .exposed, .lost: false
        }
    }

    /// The exit code from sysexits.h.
    package var exitCode: ExitCode {
        switch self {
        case .system(let error): ExitCode(error)
        case .damaged, .lost, .off: .settings
        case .exposed: .notPermitted
        case .settings(let error): error.exitCode
        }
    }
}
