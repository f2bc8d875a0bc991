import Application
import Core
import Database
import DatabaseTesting
import Foundation
import Rollups
import SystemSupport
import TestSupport
import Testing

@testable import Maintenance

@Suite("Retention")
struct RetentionTests {
    private static let day: Int64 = 86_400_000
    /// 2027-01-15 08:00 UTC.
    private static let now: Int64 = 1_800_000_000_000
    private static let firstDay = now / day

    private let stored: StoredFolder
    private var data: DataFolder { stored.data }

    /// An event on each of the last ten days, today included, in a session of its own.
    init() async throws {
        stored = try StoredFolder(now: Self.now, parts: .standard)
        try await stored.store(
            (0..<10).map { age in
                """
                {"timestamp":\(Self.now - Int64(age) * Self.day),"command":"command of-day-\(age)",\
                "session_id":"session-of-day-\(age)","duration_ms":5,"success":true}
                """
            })
    }

    private func retain(_ days: Int?) async throws {
        try SettingsFile(data).update { $0.set(retentionDays: days) }
        try await stored.withWriter { try await $0.endDrain() }
    }

    private func commands() throws -> [String] {
        try stored.reader().usage(by: .command, in: 0..<Int64.max).map(\.name).sorted()
    }

    @Test("Whole days past retention lose their rows and sessions, and keep their counts")
    func removes() async throws {
        let counts = try commands()
        try await retain(3)
        let tables = try stored.tables()
        #expect(try tables.number("SELECT count(*) FROM events") == 4)
        #expect(try tables.number("SELECT count(*) FROM sessions") == 4)
        #expect(try tables.text("SELECT min(timestamp) FROM events") == Timestamp.databaseText(Self.now - 3 * Self.day))
        #expect(try commands() == counts)
        #expect(try stored.reader().eventCounters().expired == 6)
        #expect(try stored.reader().firstActivity().map { $0 / Self.day } == Self.firstDay - 9)
        #expect(SQLiteWriter.firstMillisecondKept(days: 3, now: Self.now) == (Self.firstDay - 3) * Self.day)
    }

    @Test("The doctor compares only days that have rows, and prints the first of them")
    func doctor() async throws {
        try await retain(3)
        let results = try DatabaseCheck(data, isQuick: false).run()
        #expect(results.allSatisfy { $0.state == .ok }, "\(results)")
        let rollups = try #require(results.first { $0.check == "rollups" })
        #expect(rollups.text.hasSuffix("since 2027-01-12, the first day with rows"), "\(rollups.text)")
    }

    @Test("A rebuild keeps the counts of days whose rows were removed")
    func rebuild() async throws {
        try await retain(3)
        let before = try stored.tables().rollups()
        try await stored.withWriter { try await $0.rebuildCounts() }
        #expect(try stored.tables().rollups() == before)
    }

    @Test("Nothing is removed without a setting, or with unreadable settings")
    func forever() async throws {
        try await retain(nil)
        try stored.write("settings.json", Array("{".utf8))
        try await stored.withWriter { try await $0.removeExpired() }
        #expect(try stored.tables().number("SELECT count(*) FROM events") == 10)
    }

    @Test("Rows are removed once a day as the days pass")
    func days() async throws {
        try await retain(3)
        stored.clock.set(Self.now + Self.day - 1000 * 3600 * 9)
        try await stored.withWriter { try await $0.endDrain() }
        #expect(try stored.tables().number("SELECT count(*) FROM events") == 4)
        stored.clock.set(Self.now + Self.day)
        try await stored.withWriter { try await $0.endDrain() }
        #expect(try stored.tables().number("SELECT count(*) FROM events") == 3)
    }

    @Test("A purge up to a date removes counts of days without rows, names and all, and later ones stay")
    func purgeBefore() async throws {
        try await retain(3)
        var selection = PurgeSelection()
        selection.before = (Self.firstDay - 6) * Self.day
        #expect(try stored.reader().countWithoutRows(selection) == 3)
        let receipt = try await stored.withWriter { try await $0.purge(selection) }
        #expect(receipt.events == 0 && receipt.foundIn.isEmpty)
        #expect(try commands() == (0...6).map { "command of-day-\($0)" })
        let bytes = Data(try stored.folder.allBytes())
        for age in 7...9 { #expect(bytes.range(of: Data("of-day-\(age)".utf8)) == nil, "\(age)") }
    }

    @Test("A purge of a command hides its name in days without rows, and the sums stay")
    func purgeCommand() async throws {
        try await retain(3)
        var selection = PurgeSelection()
        selection.command = "command of-day-8"
        #expect(try stored.reader().countWithoutRows(selection) == 0)
        let receipt = try await stored.withWriter { try await $0.purge(selection) }
        #expect(receipt.foundIn.isEmpty)
        #expect(Data(try stored.folder.allBytes()).range(of: Data("command of-day-8".utf8)) == nil)
        let cells = try stored.reader().usage(by: .command, in: 0..<Int64.max)
        #expect(cells.reduce(0) { $0 + $1.count } == 10)
        #expect(!cells.map(\.name).contains("command of-day-8"))
    }

    @Test("A purge of a command hides the names of lines that begin with it, in days without rows", arguments: [0, 8])
    func purgeLines(of age: Int) async throws {
        try await stored.store(
            ["make", "make all", "maker"].map { command in
                """
                {"timestamp":\(Self.now - Int64(age) * Self.day),"event_type":"command_line","command":"\(command)",\
                "template_used":"make","session_id":"lines"}
                """
            })
        try await retain(3)
        var selection = PurgeSelection()
        selection.command = "make"
        let receipt = try await stored.withWriter { try await $0.purge(selection) }
        #expect(receipt.events == (age == 0 ? 2 : 0))
        // Today's remaining row has a template with the same text.
        #expect(age == 0 || receipt.foundIn.isEmpty)
        let left = try commands().filter { $0.hasPrefix("make") }
        #expect(left == ["maker, …"])
        // The template has the same name and stays.
        let templates = try stored.tables().number("SELECT count(*) FROM rollup_names WHERE kind = 3 AND name = 'make'")
        #expect(templates == 1)
    }
}
