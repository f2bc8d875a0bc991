import Foundation
import TestSupport
import Testing

/// DuckDB, as `Scripts/test` fetches it from PyPI.
enum DuckDB {
    static let python = Repository.root.appending(path: ".build/duckdb/bin/python").path
    static let isThere = FileManager.default.isExecutableFile(atPath: python)

    /// What a query gives, its columns with a bar between; `snapshot.db` is attached as `snapshot`.
    static func query(_ sql: String, attaching path: String) throws -> String {
        let script = """
            import duckdb, glob, sys, sysconfig
            folder = sysconfig.get_paths()['purelib'] + '/duckdb_extension_sqlite_scanner/extensions/*/'
            duckdb.execute(f"LOAD '{glob.glob(folder + 'sqlite_scanner.duckdb_extension')[0]}'")
            duckdb.execute(f"ATTACH '{sys.argv[1]}' AS snapshot (TYPE sqlite, READ_ONLY)")
            for row in duckdb.execute(sys.argv[2]).fetchall(): print('|'.join(str(value) for value in row))
            """
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-c", script, path, sql]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return text.trimmingCharacters(in: .newlines)
    }
}

@Suite("DuckDB reads snapshots", .enabled(if: DuckDB.isThere, "Scripts/test fetches it"))
struct DuckDBTests {
    @Test("The database of a snapshot, its lines of JSON and its CSV give what SQLite gives here")
    func reading() throws {
        let program = try Program()
        let lines = (0..<3000).map { number in
            let success = number % 3 != 0
            return
                #"{"command":"make all","duration_ms":\#(number),"success":\#(success),"workspace":"w\#(number % 9)"}"#
        }
        #expect(try program.run("record", "--stdin", input: lines.joined(separator: "\n")).status == 0)
        let path = program.folder.path + "/snapshot"
        for format in ["sqlite", "ndjson", "csv"] {
            #expect(try program.run("export", "--format", format, "-o", "\(path).\(format).lz4").status == 0)
            let unpack = Process()
            unpack.executableURL = URL(filePath: "/usr/bin/lz4")
            unpack.arguments = ["-d", "-q", "\(path).\(format).lz4", "\(path).\(format)"]
            try unpack.run()
            unpack.waitUntilExit()
            #expect(unpack.terminationStatus == 0)
        }
        let columns = "count(*), sum(duration_ms), count(DISTINCT workspace_hash), count(DISTINCT session_id)"
        let here = try program.query("SELECT \(columns), sum(success) FROM events")
        func there(_ source: String) throws -> String {
            try DuckDB.query(
                "SELECT \(columns), sum(success::INTEGER) FROM \(source)", attaching: "\(path).sqlite")
        }
        #expect(try there("snapshot.events") == here)
        #expect(try there("read_json('\(path).ndjson', format = 'newline_delimited')") == here)
        #expect(try there("read_csv('\(path).csv')") == here)
        #expect(
            try DuckDB.query("SELECT commands_executed FROM snapshot.sessions", attaching: "\(path).sqlite") == "3000")
    }
}
