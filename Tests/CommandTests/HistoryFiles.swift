import Foundation
import Testing

/// Histories of all sources in their documented forms, with entries that a test chooses: one every 40 seconds from
/// 2020-09-13T12:26:40Z on.
struct HistoryFiles {
    /// The sources, as `nexus import-history` names them.
    static let sources = [
        "atuin", "histdb", "hishtory", "resh", "nushell", "xonsh", "xonsh-json", "zsh", "bash", "fish", "junit",
    ]

    /// A word that is in each file in places that are not read: folders, environments, outputs, messages.
    let aside: String
    /// The lines of the entries. Single quotes, backslashes and markup are not allowed in them.
    let lines: [String]

    /// Writes the history of a source and returns its path.
    func write(_ source: String, in folder: String) throws -> String {
        let path = folder + "/history-" + source
        switch source {
        case "atuin", "histdb", "hishtory", "nushell", "xonsh": try writeTable(source, path)
        case "xonsh-json":
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let all = Array(lines.enumerated())
            for (number, start) in stride(from: 0, to: all.count, by: 1000).enumerated() {
                let session = all[start..<min(start + 1000, all.count)].map { xonsh($0, $1) }
                let text = """
                    {"locs": [69, 2, 82, 2],
                     "index": {"offsets": {}, "sizes": {}},
                     "data": {"cmds": [\(session.joined(separator: "\n, "))
                    ], "env": {"TOKEN": "\(aside)"}, "locked": false}
                    }
                    """
                try Data(text.utf8).write(to: URL(filePath: path + "/xonsh-\(number).json"))
            }
        default:
            let texts = lines.enumerated().map { text(source, $0, $1) }
            let (begin, end) = source == "junit" ? ("<testsuites>", "</testsuites>") : ("", "")
            try Data((begin + texts.joined() + end).utf8).write(to: URL(filePath: path))
        }
        return path
    }

    private func time(_ index: Int) -> Int { 1_600_000_000 + 40 * index }

    private func xonsh(_ index: Int, _ line: String) -> String {
        #"{"cwd": "/\#(aside)", "inp": "\#(line)\n", "out": "\#(aside)", "rtn": 0, "ts": [\#(time(index)).25, \#(time(index) + 1).5]}"#
    }

    private func text(_ source: String, _ index: Int, _ line: String) -> String {
        let time = time(index)
        switch source {
        case "zsh": return ": \(time):\(index % 3);\(line)\n"
        case "bash": return "#\(time)\n\(line)\n"
        case "fish": return "- cmd: \(line)\n  when: \(time)\n  paths:\n    - \(aside)\n"
        case "resh":
            return #"v1{"cmdLine":"\#(line)","exitCode":0,"pwd":"/\#(aside)","time":"\#(time).25","duration":"1.5"}"#
                + "\n"
        default:
            let date = Date(timeIntervalSince1970: Double(time)).ISO8601Format()
            return """
                <testsuite name="\(line)" timestamp="\(date)" time="1.5" failures="0">\
                <testcase name="\(aside)" classname="\(aside)"/><system-out>\(aside)</system-out></testsuite>
                """
        }
    }

    private func writeTable(_ source: String, _ path: String) throws {
        var sql = Self.tables[source, default: ""] + "BEGIN;"
        for (index, line) in lines.enumerated() {
            let time = time(index)
            let statement =
                switch source {
                case "atuin":
                    "INSERT INTO history VALUES ('\(index)', \(time)000000000, 1500000000, 0, '\(line)', '/\(aside)', 's', 'h:\(aside)', NULL);"
                case "histdb":
                    "INSERT INTO commands VALUES ('\(line)'); INSERT INTO history SELECT 1, rowid, 1, 0, \(time), 2 FROM commands WHERE argv = '\(line)';"
                case "hishtory":
                    "INSERT INTO history_entries VALUES ('\(aside)', 'h', '\(line)', '/\(aside)', '/h', 0, datetime(\(time), 'unixepoch'), datetime(\(time + 1), 'unixepoch'), 'd');"
                case "nushell":
                    "INSERT INTO history (command_line, start_timestamp, hostname, cwd, duration_ms, exit_status) VALUES ('\(line)', \(time)250, 'h', '/\(aside)', 45, 0);"
                default:
                    "INSERT INTO xonsh_history VALUES ('\(line)', 0, \(time).25, \(time).5, 's', '\(aside)', '\(aside)');"
                }
            sql += statement
        }
        let input = path + ".sql"
        try Data((sql + "COMMIT;").utf8).write(to: URL(filePath: input))
        defer { try? FileManager.default.removeItem(atPath: input) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/sqlite3")
        process.arguments = [path]
        process.standardInput = FileHandle(forReadingAtPath: input)
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    private static let tables = [
        "atuin": """
        CREATE TABLE history (id TEXT PRIMARY KEY, timestamp INTEGER NOT NULL, duration INTEGER NOT NULL, exit INTEGER NOT NULL,
            command TEXT NOT NULL, cwd TEXT NOT NULL, session TEXT NOT NULL, hostname TEXT NOT NULL, deleted_at INTEGER);
        """,
        "histdb": """
        CREATE TABLE commands (argv TEXT, UNIQUE (argv) ON CONFLICT IGNORE);
        CREATE TABLE history (session INT, command_id INT, place_id INT, exit_status INT, start_time INT, duration INT);
        """,
        "hishtory": """
        CREATE TABLE history_entries (local_username TEXT, hostname TEXT, command TEXT, current_working_directory TEXT,
            home_directory TEXT, exit_code INTEGER, start_time DATETIME, end_time DATETIME, device_id TEXT);
        """,
        "nushell": """
        CREATE TABLE history (id INTEGER PRIMARY KEY AUTOINCREMENT, command_line TEXT NOT NULL, start_timestamp INTEGER,
            session_id INTEGER, hostname TEXT, cwd TEXT, duration_ms INTEGER, exit_status INTEGER, more_info TEXT) STRICT;
        """,
        "xonsh": """
        CREATE TABLE xonsh_history (inp TEXT, rtn INTEGER, tsb REAL, tse REAL, sessionid TEXT, out TEXT, info TEXT);
        """,
    ]
}
