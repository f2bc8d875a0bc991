import Application
import Core
import Database
import DatabaseTesting
import Foundation
import GRDB
import Rollups
import Synchronization
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

@testable import Maintenance

@Suite("Purge")
struct PurgeTests {
    private let stored: StoredFolder
    private var data: DataFolder { stored.data }

    /// Three sessions of six events each, in March and in April 2026: two of `deploy prod-eu`, two of `git push`, two others.
    init() async throws {
        stored = try StoredFolder(parts: .standard)
        try await stored.store(Self.lines)
    }

    private static let lines = ["session-one", "session-two", "session-three"].flatMap { session in
        (0..<2).flatMap { number in
            ["deploy prod-eu", "git push", "deployment all"].map { command in
                """
                {"command":"\(command)","session_id":"\(session)","success":\(number == 0),"duration_ms":5,\
                "workspace":"client of \(session)","error_category":"category-of-\(session)",\
                "timestamp":"2026-0\(number + 3)-10T10:00:00Z"}
                """
            }
        }
    }

    private static let april: Int64 = 1_775_001_600_000

    private static func selection(
        before: Int64? = nil, session: String? = nil, command: String? = nil
    ) -> PurgeSelection {
        var selection = PurgeSelection()
        (selection.before, selection.session, selection.command) = (before, session, command)
        return selection
    }

    @discardableResult
    private func purge(_ selection: PurgeSelection) async throws -> PurgeReceipt {
        try await stored.withWriter { try await $0.purge(selection) }
    }

    private func bytesHold(_ text: String) throws -> Bool {
        Data(try stored.folder.allBytes()).range(of: Data(text.utf8)) != nil
    }

    /// Every check of the doctor over the database.
    private func expectInOrder(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let results = try DatabaseCheck(data, isQuick: false).run()
        #expect(results.allSatisfy { $0.state == .ok }, "\(results)", sourceLocation: sourceLocation)
        #expect(try stored.tables().activityDifferences().isEmpty, sourceLocation: sourceLocation)
        #expect(try stored.tables().sessionDifferences().isEmpty, sourceLocation: sourceLocation)
        #expect(
            try stored.tables().sessionLengthDifferences(stored.reader()).isEmpty, sourceLocation: sourceLocation)
    }

    /// A selection, the SQL condition on rows that it must remove, and the number of sessions that it must remove.
    private static let selections: [(PurgeSelection, String, Int)] = [
        (selection(before: april), "timestamp < '2026-04-01'", 0),
        (selection(session: "session-two"), "session_id = 'session-two'", 1),
        (selection(command: "deploy"), "command = 'deploy prod-eu'", 0),
        (selection(command: "git push"), "command = 'git push'", 0),
        (
            selection(before: april, session: "session-one"), "timestamp < '2026-04-01' AND session_id = 'session-one'",
            0
        ),
        (
            selection(before: april, session: "session-one", command: "git"),
            "timestamp < '2026-04-01' AND session_id = 'session-one' AND command = 'git push'", 0
        ),
        (selection(command: "dep%"), "false", 0),
        (selection(before: 2_000_000_000_000), "true", 3),
    ]

    @Test("A purge removes the rows that meet every condition, and counts the rest again", arguments: selections)
    func removes(selection: PurgeSelection, condition: String, sessions: Int) async throws {
        let expected = try stored.tables().number("SELECT count(*) FROM events WHERE \(condition)")
        let rest = try stored.tables().rows("SELECT * FROM events WHERE NOT (\(condition)) ORDER BY id")
        let found = try stored.reader().count(selection)
        #expect(found.events == expected)
        let receipt = try await purge(selection)
        #expect(receipt.events == expected && receipt.sessions == sessions && !receipt.renewedKey)
        #expect(receipt.foundIn.isEmpty && receipt.filesSearched > 0 && receipt.bytesSearched > 0)
        #expect(try stored.tables().rows("SELECT * FROM events ORDER BY id") == rest)
        #expect(try stored.reader().eventCounters().purged == expected)
        #expect(try stored.reader().eventCounters().balance)
        try expectInOrder()
    }

    @Test("Texts of removed rows are in no byte of the folder; texts that other rows have stay")
    func texts() async throws {
        let hash = try #require(
            try stored.tables().text("SELECT workspace_hash FROM events WHERE session_id = 'session-two'"))
        let receipt = try await purge(Self.selection(session: "session-two"))
        for text in [hash, "session-two", "category-of-session-two"] { #expect(try !bytesHold(text), "\(text)") }
        #expect(try bytesHold("deploy prod-eu"))
        #expect(receipt.values == 3 && receipt.valuesSearched == 3)
        #expect(receipt.bytesBefore > 0 && receipt.bytesAfter > 0)
    }

    @Test("A session that loses a part of its events gets their span and counts")
    func sessionSpan() async throws {
        try await purge(Self.selection(before: Self.april))
        let columns = "started_at || ' ' || duration_ms || ' ' || commands_executed"
        let rows = try stored.tables().rows("SELECT DISTINCT \(columns) FROM sessions").map { $0[0] as String }
        #expect(rows == ["2026-04-10 10:00:00.000 5 3"])
    }

    @Test("Events that wait in the buffer are removed too, and the files that held them")
    func waiting() async throws {
        try stored.record([#"{"command":"deploy waiting-place"}"#, #"{"command":"kept"}"#])
        let receipt = try await purge(Self.selection(command: "deploy"))
        #expect(receipt.events == 7 && receipt.bufferFiles == 1)
        #expect(try !bytesHold("waiting-place"))
        #expect(try stored.tables().number("SELECT count(*) FROM events WHERE command = 'kept'") == 1)
        try expectInOrder()
    }

    @Test("A purge of everything removes key, snapshots and damaged segments, and reuses no row id")
    func everything() async throws {
        try KeyFile(data).putNew()
        let key = try Data(contentsOf: URL(filePath: data.keyPath))
        let installation = try stored.tables().text("SELECT id FROM installation")
        try stored.write("mine.db.lz4", Array("deploy prod-eu".utf8))
        try Data().write(to: URL(filePath: data.bufferFolder.path(of: "00000000000000aa.wab.damaged")))
        let shares = Mutex<[Double]>([])
        let receipt = try await stored.withWriter { writer in
            try await writer.purge(PurgeSelection()) { share in shares.withLock { $0.append(share) } }
        }
        #expect(receipt.events == 18 && receipt.sessions == 3 && receipt.renewedKey)
        #expect(receipt.snapshots == ["mine.db.lz4"] && receipt.bufferFiles >= 1 && receipt.foundIn.isEmpty)
        #expect(shares.withLock { $0 } == [0.8, 0.9])
        for text in ["prod-eu", "session-one", "category-of-session-three"] { #expect(try !bytesHold(text)) }
        #expect(Data(try stored.folder.allBytes()).range(of: key) == nil)
        #expect(try stored.tables().text("SELECT id FROM installation") != installation)
        try await stored.store([#"{"command":"after"}"#])
        #expect(try stored.tables().number("SELECT id FROM events") == 19)
        #expect(try stored.tables().number("SELECT id FROM sessions") == 4)
        try expectInOrder()
    }

    @Test("A purge of everything makes ids available again, and removes events that waited for one")
    func exhausted() async throws {
        let store = try stored.tables().text("SELECT id FROM store")
        try stored.tables().execute(
            "INSERT INTO events (id, session_id, event_type) VALUES (9223372036854775807, 's', 't')")
        try stored.record([#"{"command":"waits"}"#])
        #expect(try await purge(PurgeSelection()).events == 20)
        #expect(try stored.tables().text("SELECT id FROM store") != store)
        try await stored.store([#"{"command":"after"}"#])
        #expect(try stored.tables().number("SELECT max(id) FROM events") < 30)
        try expectInOrder()
    }

    @Test("A purge that fails after its transaction is finished by the next writer")
    func interrupted() async throws {
        try KeyFile(data).putNew()
        let key = try Data(contentsOf: URL(filePath: data.keyPath))
        // No file can be removed under a snapshot's name while a folder has it.
        let obstacle = data.folder.path(of: "mine.db.lz4")
        try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)
        await #expect(throws: StoreError.self) { try await purge(PurgeSelection()) }
        #expect(try stored.tables().number("SELECT count(*) FROM events") == 0)
        #expect(try stored.tables().number("SELECT renews_key FROM purges") == 1)
        // As long as it cannot be finished nothing is stored, and nothing is lost.
        try stored.record([#"{"command":"after"}"#])
        await #expect(throws: StoreError.self) { try await stored.withWriter { try await $0.drain() } }
        try FileManager.default.removeItem(atPath: obstacle)
        try stored.write("late.ndjson.lz4", Array("deploy prod-eu".utf8))
        #expect(try await stored.withWriter { try await $0.drain() } == 1)
        #expect(try stored.tables().number("SELECT count(*) FROM purges") == 0)
        #expect(!data.folder.has("late.ndjson.lz4"))
        #expect(try Data(contentsOf: URL(filePath: data.keyPath)) != key)
        #expect(try !bytesHold("prod-eu"))
        try expectInOrder()
    }

    @Test("An interrupted purge of a part leaves the key as it is when it is finished")
    func interruptedPart() async throws {
        try KeyFile(data).putNew()
        let key = try Data(contentsOf: URL(filePath: data.keyPath))
        try stored.tables().execute("INSERT INTO purges VALUES (1, 0)")
        try await stored.withWriter { _ in }
        #expect(try stored.tables().number("SELECT count(*) FROM purges") == 0)
        #expect(try Data(contentsOf: URL(filePath: data.keyPath)) == key)
        #expect(try stored.tables().number("SELECT count(*) FROM events") == 18)
    }

    @Test("A new key comes with a new installation, and rows keep the old one as their origin")
    func rekey() async throws {
        try KeyFile(data).putNew()
        let key = try Data(contentsOf: URL(filePath: data.keyPath))
        let old = try #require(try stored.tables().text("SELECT id FROM installation"))
        try stored.record([#"{"command":"waiting"}"#])
        try await stored.withWriter { try await $0.renewIdentity() }
        #expect(try Data(contentsOf: URL(filePath: data.keyPath)) != key)
        #expect(try stored.tables().text("SELECT id FROM installation") != old)
        let origin = try #require(try stored.tables().rows("SELECT * FROM origins").first)
        #expect(origin["first_id"] == 1)
        #expect(origin["last_id"] == 19)
        #expect(origin["installation"] == old)
        #expect(try stored.tables().number("SELECT count(*) FROM events") == 19)
        try expectInOrder()
    }
}
