import Core
import Intake
import SystemSupport

/// Reads the JSON files of xonsh, one file for each session (xonsh 0.19, xonsh/history/json.py and
/// xonsh/lib/lazyjson.py).
///
///     {"locs": […], "index": {…},
///      "data": {"cmds": [{"cwd": "/h", "inp": "ls\n", "rtn": 0, "ts": [1700000000.25, 1700000000.5]}], "env": {…}, …}}
///
/// The file may contain a session's environment and the outputs of its commands. Only `inp`, `rtn` and `ts` of
/// `data.cmds` are read. A session that ended without a command may leave an empty file. The file of a running session
/// contains the commands so far.
struct XonshHistory: HistoryReader {
    private let files: [String]
    private var index = 0
    /// The content of the current file.
    private var document: [UInt8] = []
    private var cursor = JSONCursor()
    /// Whether the cursor is in the array `data.cmds`.
    private var isInCommands = false
    /// Whether no command of the current file was read yet.
    private var isFirst = true

    /// - Parameter path: a file, or the folder that contains the files.
    init(_ path: String) throws(SystemError) {
        let isFolder = (try? File(opening: path, [.read, .folder, .followingLinks])) != nil
        files = try isFolder ? Self.files(in: path) : [path]
    }

    /// Returns the paths of the files in a folder, in the order of their names.
    static func files(in path: String) throws(SystemError) -> [String] {
        let folder = Folder(path)
        return try folder.names().sorted().filter { $0.hasPrefix("xonsh-") && $0.hasSuffix(".json") }.map {
            folder.path(of: $0)
        }
    }

    var progress: Double { files.isEmpty ? 1 : Double(index) / Double(files.count) }

    mutating func next(into entry: inout HistoryEntry) throws -> HistoryItem? {
        while true {
            if isInCommands {
                do {
                    if let item = try nextCommand(&entry) { return item }
                } catch {
                    // The file is incomplete, because xonsh was killed while it wrote the file.
                    close()
                    return .skipped(.broken)
                }
                close()
            }
            guard index < files.count else { return nil }
            index += 1
            if let problem = try open(files[index - 1]) { return .skipped(problem) }
        }
    }

    /// Reads a file and moves the cursor to its commands. Returns the reason to skip the file; nil if the file has
    /// commands or is empty.
    private mutating func open(_ path: String) throws -> HistorySkip? {
        let file = try HistorySource.open(path)
        let size = try file.status().size
        guard size <= Limits.historyDocumentBytes else { return .tooLong }
        document = try file.read(size)
        guard !document.isEmpty else { return nil }
        // The text is copied to a local constant, because the cursor changes while the text is borrowed.
        let document = document
        do {
            isInCommands =
                try cursor.find("data", document.span) && cursor.find("cmds", document.span)
                && cursor.open(UInt8(ascii: "["), document.span)
        } catch {}
        guard !isInCommands else { return nil }
        close()
        return .broken
    }

    private mutating func close() {
        document.removeAll(keepingCapacity: true)
        cursor = JSONCursor()
        isInCommands = false
        isFirst = true
    }

    /// Returns the next command of the current file; nil after the last command.
    private mutating func nextCommand(_ entry: inout HistoryEntry) throws(Rejection) -> HistoryItem? {
        let document = document
        let text = document.span
        guard try cursor.hasNext(closing: UInt8(ascii: "]"), isFirst: &isFirst, text) else { return nil }
        var line: [UInt8]?
        var isTooLong = false
        var status: Double?
        var times: [Double?] = []
        let isCommand = try cursor.readMembers(text) {
            (key: String, text: Span<UInt8>, cursor: inout JSONCursor) throws(Rejection) in
            switch key {
            case "inp": line = try cursor.string(text, limit: Limits.historyEntryBytes, isTooLong: &isTooLong)
            case "rtn": status = try cursor.number(text)
            case "ts": times = try cursor.numbers(text)
            default: try cursor.skipValue(text)
            }
        }
        if isTooLong { return .skipped(.tooLong) }
        guard isCommand else {
            try cursor.skipValue(text)
            return .skipped(.broken)
        }
        guard let line else { return .skipped(.broken) }
        guard let start = times.first ?? nil, let time = start.milliseconds, time > 0 else { return .skipped(.undated) }
        entry.line = line
        entry.facts = .init(time: time, durationMS: Self.duration(times), status: status?.exitCode)
        return .entry
    }

    /// Returns the duration in milliseconds; nil if it is unknown.
    private static func duration(_ times: [Double?]) -> Int64? {
        guard times.count > 1, let start = times[0], let end = times[1] else { return nil }
        return (end - start).knownDuration
    }
}

extension Double {
    /// This number of seconds in milliseconds; nil if the number is not finite or the result exceeds 64 bits.
    var milliseconds: Int64? { Int64(exactly: (self * 1000).rounded()) }

    /// This number of seconds as a duration in milliseconds. Nil unless the result is above 0 and at most
    /// `Limits.durationMilliseconds`.
    var knownDuration: Int64? {
        guard let milliseconds, milliseconds > 0, milliseconds <= Limits.durationMilliseconds else { return nil }
        return milliseconds
    }

    /// This number as an exit code; nil unless it is a whole number from 0 to 255.
    var exitCode: Int? { Int(exactly: self).flatMap { (0...255).contains($0) ? $0 : nil } }
}
