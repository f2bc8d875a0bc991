package import Core
import Crypto
package import SystemSupport

/// The 32 random bytes that `HistoryMarker` uses as the key for the marks of imported entries. They are stored in the
/// file `history.key` of a data folder.
///
/// Names are hashed with another key. `nexus telemetry rekey` does not change the key of the marks. Marks with a new
/// key could be computed only from the lines, and lines are not stored. A purge of everything overwrites the file.
package struct HistoryKey: Sendable, Equatable {
    private let bytes: [UInt8]

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// Returns a key that is not stored, for a preview of an import.
    package static func temporary() -> HistoryKey { HistoryKey(bytes: random()) }

    /// Reads the key of a data folder; nil when there is no key.
    package static func existing(in data: DataFolder) throws(HistoryKeyError) -> HistoryKey? {
        let path = data.historyKeyPath
        var bytes: [UInt8] = []
        let isExposed: Bool
        do throws(SystemError) {
            let file = try File(opening: path, [.read, .regular])
            let status = try file.status()
            isExposed = !File.isOwn(status) || status.isOpenToOthers
            _ = try file.read(appendingTo: &bytes, limit: KeyFile.length + 1)
        } catch  where error.isNotFound {
            return nil
        } catch {
            throw .system(error)
        }
        guard !isExposed else { throw .exposed(path: path) }
        guard bytes.count == KeyFile.length, bytes.contains(where: { $0 != 0 }) else { throw .damaged(path: path) }
        return HistoryKey(bytes: bytes)
    }

    /// Reads the key of a data folder. If there is no key and no marks depend on a key, creates a key.
    /// - Parameter hasMarks: whether there are marks that depend on a key. If so, a missing key counts as lost.
    package static func load(from data: DataFolder, hasMarks: Bool) throws(HistoryKeyError) -> HistoryKey {
        if let key = try existing(in: data) { return key }
        guard !hasMarks else { throw .lost(path: data.historyKeyPath) }
        do throws(SystemError) { try make(in: data) } catch { throw .system(error) }
        guard let key = try existing(in: data) else { throw .damaged(path: data.historyKeyPath) }
        return key
    }

    private static func make(in data: DataFolder) throws(SystemError) {
        let lock = try data.lock()
        defer { lock.unlock() }
        guard !data.folder.has(DataFolder.historyKeyName) else { return }
        let name = DataFolder.historyKeyName + ".new"
        // A process that was killed while it created the key may have left this file.
        if data.folder.has(name) { try data.folder.remove(name) }
        let file = try File(opening: data.folder.path(of: name), [.write, .create, .exclusive])
        try file.write(random().span)
        try file.synchronizeData()
        try data.folder.rename(name, to: DataFolder.historyKeyName)
        try data.folder.synchronize()
    }

    private static func random() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<KeyFile.length).map { _ in generator.next() }
    }

    /// A marker that computes marks with this key.
    package var marker: HistoryMarker { HistoryMarker(SymmetricKey(data: bytes)) }
}

/// Computes the mark that identifies an entry of a history:
///
///     bits 63…42  the entry's day in UTC, as a number of days since 1970
///     bits 41…0   the first 42 bits of HMAC-SHA256
///
/// The HMAC covers the entry's second, the entry's number among equal entries of that second, and the entry's line. The
/// day discloses nothing, because the entry's row in `events` has its time. The day in the upper bits keeps the marks
/// of one import on neighbouring pages of the database. Marks in random order made an import of a million lines take
/// 2.5 times as long and write 13 times as much. In a history of a million entries over ten years, the probability that
/// two entries have the same mark is 1 in 30,000. In that case the second entry is skipped.
package struct HistoryMarker: Sendable {
    /// The state of the HMAC after the key was set up. Each line uses a copy of this state, because setting up the key
    /// takes longer than hashing a line.
    private let begun: HMAC<SHA256>
    private static let hashBits: Int64 = 42

    fileprivate init(_ key: SymmetricKey) { begun = HMAC(key: key) }

    /// Returns the mark of a line. Trailing blanks and line feeds are ignored, because some shells remove them.
    /// - Parameter second: seconds since 1970, not negative.
    package func mark(_ line: [UInt8], second: Int64, number: Int) -> Int64 {
        var end = line.count
        while end > 0, line[end - 1] == UInt8(ascii: " ") || line[end - 1] == UInt8(ascii: "\n") { end -= 1 }
        var message: [UInt8] = []
        message.reserveCapacity(end + 16)
        message.append(littleEndian: second)
        message.append(littleEndian: Int64(number))
        message.append(line.span.extracting(0..<end))
        var code = begun
        code.update(data: message)
        var bytes = code.finalize().makeIterator()
        var hash: UInt64 = 0
        for _ in 0..<8 { hash = hash << 8 | UInt64(bytes.next() ?? 0) }
        return (second / 86_400) << Self.hashBits | Int64(hash >> (64 - Self.hashBits))
    }
}

/// The reason why there is no key for marks.
package enum HistoryKeyError: ReportedError, Equatable {
    case system(SystemError)
    /// The file does not contain a key of 32 bytes, or the key was overwritten with zeros.
    case damaged(path: String)
    /// Other users can read the file, or it belongs to another user.
    case exposed(path: String)
    /// A key existed, and marks depend on it, but the file is missing.
    case lost(path: String)

    package var description: String {
        switch self {
        case .system(let error): error.description
        case .damaged(let path):
            "cannot import a history: \(path.escapedForDisplay) is not a key of \(KeyFile.length) bytes; "
                + "\(Self.remedy), and then remove the file"
        case .lost(let path):
            "cannot import a history: \(path.escapedForDisplay) is missing, and entries that were imported before cannot be "
                + "recognised without it; \(Self.remedy)"
        case .exposed(let path):
            "cannot import a history: \(path.escapedForDisplay) must be yours and closed to others; run 'chmod 600' on it"
        }
    }

    private static let remedy =
        "restore the file from a backup, or remove the imported entries: "
        + "run 'nexus telemetry purge --session \(HistorySession.prefix)NAME' for each imported history"

    package var exitCode: ExitCode {
        switch self {
        case .system(let error): ExitCode(error)
        case .damaged, .lost: .settings
        case .exposed: .notPermitted
        }
    }
}
