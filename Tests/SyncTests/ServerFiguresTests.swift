import Core
import Database
import Foundation
import Rollups
import Synchronization
import SystemSupport
import TestSupport
import Testing

@testable import Sync

@Suite("Aggregates read from a server")
struct ServerFiguresTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private static let lines = """
        \t20758\tmake\tcommand\tsucceeded\t\t\t3\t24\t[4,12]\t[1,2]
        \t20758\tmake\tcommand\tfailed\texit_2\t\t1\t5\t[5]\t[1]
        \t20759\tgit \\'a\\'\\t\\\\b\tcommand\tunknown\t\tweb\t2\t0\t[]\t[]

        """

    /// Answers what the test says to the question for figures, and `1` or what belongs there to every other.
    private func server(
        _ response: RespondingServer.Response = .answer(200, [:], lines), _ questions: Questions = Questions()
    ) async throws -> ClickHouseServer {
        try await ClickHouseServer(hasTable: true) { statement in
            questions.all.withLock { $0.append(statement) }
            return statement.contains("nexus_daily FINAL") ? response : nil
        }
    }

    private final class Questions: Sendable {
        let all = Mutex<[String]>([])
    }

    private func read(
        _ server: ClickHouseServer, _ question: ServerQuestion = ServerQuestion()
    ) async throws -> StoreReader {
        try await ServerFigures(server.url, credentials: nil).read([question], in: folder.data) { $0 * 96 }.reader
    }

    private func failure(_ response: RespondingServer.Response) async throws -> SyncError? {
        do { _ = try await read(server(response)) } catch let error as SyncError { return error }
        return nil
    }

    @Test("A report sends a server nothing but questions with the filter, and reads figures of days from the lines")
    func figures() async throws {
        let server = try await server()
        let cells = try await read(server).usage(by: [.command, .template], in: 0..<Int64.max)
        let make = try #require(cells[.command]?.first)
        #expect(make.name == "make" && make.count == 4 && make.failed == 1 && make.totalMS == 29)
        #expect(make.latency.count == 4)
        #expect(cells[.command]?.last?.name == "git 'a'\t\\b" && cells[.template]?.map(\.name) == ["web"])
        #expect(server.requests.allSatisfy { $0.method == "GET" && $0.body.isEmpty })
        #expect(server.requests.allSatisfy { ["SELECT", "EXISTS"].contains($0.statement.prefix(6)) })
        let request = try #require(server.requests.last)
        #expect(request.uri.contains("&max_execution_time=") && request.uri.contains("&max_memory_usage="))
    }

    @Test("A user who may not change settings is asked again without limits of the reader's own")
    func readOnly() async throws {
        let count = Mutex(0)
        let counted: @Sendable () -> Int = {
            count.withLock { (value: inout Int) -> Int in
                value += 1; return value
            }
        }
        let server = try await ClickHouseServer(hasTable: true) { statement in
            guard statement.contains("nexus_daily FINAL") else { return nil }
            return counted() == 1
                ? .answer(
                    500, [:], "Code: 164. DB::Exception: Cannot modify 'max_execution_time' setting in readonly mode")
                : .answer(200, [:], Self.lines)
        }
        #expect(try await read(server).usage(by: .command, in: 0..<Int64.max).count == 2)
        #expect(server.requests.last?.uri.contains("max_execution_time") == false)
    }

    @Test("An answer that is not what ClickHouse answers is an error, and no report")
    func faults() async throws {
        let page = try await failure(.answer(200, [:], "<html>Log in</html>\n"))
        guard case .unreadableAnswer(_, "<html>Log in</html>")? = page else {
            Issue.record("\(String(describing: page))")
            return
        }
        let torn = try await failure(.answer(200, [:], Self.lines + "\t20759\tmake"))
        guard case .unreachable? = torn else {
            Issue.record("\(String(describing: torn))")
            return
        }
        let cut = try await failure(.cutBody)
        guard case .unreachable? = cut else {
            Issue.record("\(String(describing: cut))")
            return
        }
        for reason in ["Code: 516. DB::Exception: Authentication failed", "Code: 164. DB::Exception: Readonly mode"] {
            let refused = try await failure(.answer(500, [:], reason))
            guard case .notPermitted? = refused else {
                Issue.record("\(reason): \(String(describing: refused))")
                return
            }
        }
        let moved = try await failure(.answer(302, ["Location": "/login"]))
        guard case .refused? = moved else {
            Issue.record("\(String(describing: moved))")
            return
        }
    }

    @Test("A server without the tables, or with later ones, is refused with what to do")
    func tables() async throws {
        do {
            _ = try await read(try await ClickHouseServer())
            Issue.record("no error")
        } catch let error as SyncError {
            guard case .noAggregates = error else { throw error }
        }
        let later = try await ClickHouseServer(hasTable: true) {
            $0.contains("max(version) FROM") ? .answer(200, [:], "9\n") : nil
        }
        do {
            _ = try await read(later)
            Issue.record("no error")
        } catch let error as SyncError {
            guard case .newerTables = error else { throw error }
        }
    }

    @Test("The beginning of an id must be that of one installation", arguments: [("", false), ("a\nb\n", true)])
    func installation(ids: String, isAmbiguous: Bool) async throws {
        let server = try await ClickHouseServer(hasTable: true) {
            $0.contains("DISTINCT source") ? .answer(200, [:], ids) : nil
        }
        var question = ServerQuestion()
        question.installation = "0a0b"
        do {
            _ = try await read(server, question)
            Issue.record("no error")
        } catch let error as SyncError {
            #expect(error == .unknownInstallation("0a0b", isAmbiguous: isAmbiguous))
        }
    }

    @Test("Only a ClickHouse URL means a server")
    func urls() throws {
        #expect(ServerFigures.isServer("clickhouse://db/nexus") && ServerFigures.isServer("ClickHouses://db/nexus"))
        #expect(!ServerFigures.isServer("clickhouse.db.lz4") && !ServerFigures.isServer("https://db/nexus"))
        #expect(throws: SyncError.self) { try ServerFigures("https://db/nexus", credentials: nil) }
    }
}

@Suite("Questions to a server")
struct ServerQuestionTests {
    private func sql(_ question: ServerQuestion) throws -> String {
        question.sql(in: try #require(Destination.Identifier("telemetry")))
    }

    @Test("A name from the command line is a literal, whatever is in it")
    func literals() throws {
        var question = ServerQuestion()
        question.command = #"a' OR '1'='1 \"#
        let sql = try sql(question)
        #expect(sql.contains(#"command = 'a\' OR \'1\'=\'1 \\' OR command = 'a\' OR \'1\'=\'1 \\, …'"#), "\(sql)")
    }

    @Test("Days, outcome, installation and the least number of installations are conditions on the server")
    func conditions() throws {
        var question = ServerQuestion()
        #expect(try !sql(question).contains("toDate"))
        (question.firstDay, question.lastDay) = (20_758, 20_760)
        question.isFailedOnly = true
        question.installation = "0a0b"
        question.leastInstallations = 5
        let sql = try sql(question)
        for part in [
            "day >= toDate('2026-11-01')", "day <= toDate('2026-11-03')", "outcome = 'failed'",
            "substring(source, 1, 4) = '0a0b'", "HAVING uniqExact(source) >= 5), command, '(other)')",
            "FROM telemetry.nexus_daily FINAL",
        ] {
            #expect(sql.contains(part), "\(part)")
        }
    }

    @Test("Counts are asked for without buckets, and durations as those of the last day")
    func parts() throws {
        var question = ServerQuestion()
        question.part = .counts
        #expect(try !sql(question).contains("sumMap") && sql(question).contains("GROUP BY d, c"))
        question.part = .durations
        #expect(try sql(question).contains("max(day)") && sql(question).contains("GROUP BY c, e"))
        question.isByInstallation = true
        #expect(try !sql(question).contains("sumMap"))
    }

    @Test(
        "A line with a number, a list or an outcome that cannot be is not read",
        arguments: [
            "", "\t1\tc\tcommand\tsucceeded\t\t\t1\t1\t[1]", "\tx\tc\tcommand\tsucceeded\t\t\t1\t1\t[1]\t[1]",
            "\t1\tc\tcommand\twon\t\t\t1\t1\t[1]\t[1]", "\t1\tc\tcommand\tfailed\t\t\t-1\t1\t[1]\t[1]",
            "\t1\tc\tcommand\tfailed\t\t\t99999999999999999999\t1\t[1]\t[1]",
            "\t1\tc\tcommand\tfailed\t\t\t1152921504606846976\t1\t[1]\t[1]",
            "\t1\tc\tcommand\tfailed\t\t\t1\t1\t[1]\t[1152921504606846976]",
            "\t1\tc\tcommand\tfailed\t\t\t1\t1\t[1,2]\t[1]", "\t1\tc\tcommand\tfailed\t\t\t1\t1\t[2,1]\t[1,1]",
            "\t1\tc\tcommand\tfailed\t\t\t1\t1\t[60000]\t[1]", "\t1\tc\tcommand\tfailed\t\t\t1\t1\t[1]\t[0]",
            "\t1\tc\tcommand\tfailed\t\t\t1\t1\t1\t1", "\t1\tc\tcommand\tfailed\t\t\t1\t1\t[1,]\t[1,]",
        ])
    func unreadable(line: String) {
        let parsed = ServerLine(Array(line.utf8).span)
        #expect(parsed == nil)
    }
}
