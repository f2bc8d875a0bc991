import Core
import Foundation
import GRDB
import SystemSupport
import TestSupport
import Testing

@testable import History

/// Readers of tables of other programs, by their documented form.
struct TableTests {
    private func read(
        _ source: HistorySource, _ sql: String
    ) throws -> (entries: [ReaderTests.Read], skipped: [HistorySkip]) {
        let folder = try TemporaryFolder()
        let path = folder.path + "/history"
        let queue = try DatabaseQueue(path: path)
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
        return try ReaderTests.read(source, path)
    }

    @Test("zsh-histdb: lines are in a separate table, and a command that never ended has no outcome")
    func histdb() throws {
        let (entries, skipped) = try read(
            .histdb,
            """
            CREATE TABLE commands (argv TEXT, UNIQUE (argv) ON CONFLICT IGNORE);
            CREATE TABLE places (host TEXT, dir TEXT, UNIQUE (host, dir) ON CONFLICT IGNORE);
            CREATE TABLE history (session INT, command_id INT, place_id INT, exit_status INT,
                start_time INT, duration INT);
            INSERT INTO commands VALUES ('make test'), ('sleep 100');
            INSERT INTO history VALUES (1, 1, 1, 2, 1700000000, 7), (1, 2, 1, 0, 1700000010, NULL),
                (1, 1, 1, 0, 1700000020, 0), (1, 99, 1, 0, 1700000030, 0);
            """)
        #expect(
            entries == [
                .init(line: "make test", seconds: 1_700_000_000, durationMS: 7000, status: 2),
                .init(line: "sleep 100", seconds: 1_700_000_010),
                .init(line: "make test", seconds: 1_700_000_020, status: 0),
            ])
        #expect(skipped == [.broken])
    }

    @Test("nushell: milliseconds, and whatever is NULL is unknown")
    func nushell() throws {
        let (entries, skipped) = try read(
            .nushell,
            """
            CREATE TABLE history (id INTEGER PRIMARY KEY AUTOINCREMENT, command_line TEXT NOT NULL, start_timestamp INTEGER,
                session_id INTEGER, hostname TEXT, cwd TEXT, duration_ms INTEGER, exit_status INTEGER, more_info TEXT) STRICT;
            INSERT INTO history (command_line, start_timestamp, duration_ms, exit_status) VALUES
                ('git status', 1700000000123, 45, 0), ('ls', 1700000001000, NULL, NULL), ('old', NULL, NULL, NULL);
            """)
        #expect(
            entries == [
                .init(line: "git status", seconds: 1_700_000_000, durationMS: 45, status: 0),
                .init(line: "ls", seconds: 1_700_000_001),
            ])
        #expect(skipped == [.undated])
    }

    @Test("hishtory: times are texts with a zone, and entries that it imported are undated")
    func hishtory() throws {
        let (entries, skipped) = try read(
            .hishtory,
            """
            CREATE TABLE history_entries (local_username TEXT, hostname TEXT, command TEXT, current_working_directory TEXT,
                home_directory TEXT, exit_code INTEGER, start_time DATETIME, end_time DATETIME, device_id TEXT);
            INSERT INTO history_entries VALUES
                ('a', 'h', 'make', '~', '/h', 1, '2023-11-14 23:13:20.5+01:00', '2023-11-14 23:13:22.25+01:00', 'd'),
                ('a', 'h', 'old', 'Unknown', '/h', 0, '2023-11-14 22:13:20+00:00', '2023-11-14 22:13:20.001+00:00', 'd');
            """)
        #expect(entries == [.init(line: "make", seconds: 1_700_000_000, durationMS: 1750, status: 1)])
        #expect(skipped == [.undated])
    }

    @Test("xonsh: seconds with a fraction, and its outputs are not read")
    func xonsh() throws {
        let (entries, _) = try read(
            .xonsh,
            """
            CREATE TABLE xonsh_history (inp TEXT, rtn INTEGER, tsb REAL, tse REAL, sessionid TEXT, out TEXT, info TEXT);
            INSERT INTO xonsh_history VALUES ('ls -l', 0, 1700000000.25, 1700000000.5, 's', 'secret', NULL);
            """)
        #expect(entries == [.init(line: "ls -l", seconds: 1_700_000_000, durationMS: 250, status: 0)])
    }

    @Test(
        "A table without the columns of its source is refused",
        arguments: [HistorySource.histdb, .nushell, .hishtory, .xonsh])
    func others(source: HistorySource) {
        #expect(throws: (any Error).self) { try read(source, "CREATE TABLE history (id INTEGER)") }
    }
}
