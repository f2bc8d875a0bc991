import Core
import Foundation
import Sync
import SystemSupport
import TestSupport
import Testing

@testable import nexus

@Suite("Commands that send and withdraw aggregates")
struct AggregateCommandTests {
    private let command: NexusCommand
    private let place: TemporaryFolder
    private var data: DataFolder { command.folder.data }
    private var url: String { "file://\(place.path)" }

    init() throws {
        command = try NexusCommand()
        place = try TemporaryFolder()
    }

    /// The output of a command that ends well.
    private func output(_ words: String...) async throws -> String {
        let outcome = try await command.run(words)
        #expect(outcome.status == 0, "\(words): \(outcome)")
        return outcome.output
    }

    private func list(_ text: String) throws -> String {
        let path = command.folder.path + "/names.txt"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private var days: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: place.path) }
    }

    @Test("'add' prints the names that would go, and a list replaces all others")
    func add() async throws {
        try await command.record("--command make", "--command acme", "--command make --failure --error-category exit_2")
        let all = try await output("sync", "add", "company", url, "--aggregates")
        #expect(all.contains("Commands:   make; acme\n") && all.contains("Categories: exit_2\n"), "\(all)")
        #expect(all.contains("Templates:  none\n") && all.contains("you record later are sent too"))
        let some = try await output(
            "sync", "add", "company", url, "--aggregates", "--allow", try list("# ours\ncommand make\n"))
        #expect(some.contains("Commands:   make\n") && some.contains("Categories: none\n"))
        #expect(some.contains("Every other name is sent as '(other)'"))
        let bad = try await command.run("sync", "add", "company", url, "--aggregates", "--allow", try list("make\n"))
        #expect(bad.status == 64 && bad.errors.contains("line 1 is 'make'"))
        for (index, name) in (0..<30).map({ "tool\($0)" }).enumerated() where index >= 0 {
            try await command.record("--command \(name)")
        }
        let long = try await output("sync", "add", "company", url, "--aggregates")
        #expect(long.contains("; and 12 more\n"), "\(long)")
    }

    @Test("A dry run prints the bytes, a run sends them, and the list and the log show it in words")
    func send() async throws {
        try await command.record("--command make --duration-ms 12", "--command acme-merger")
        _ = try await output("sync", "add", "company", url, "--aggregates", "--allow", try list("command make"))
        let preview = try await command.run("sync", "--to", "company", "--dry-run")
        let lines = preview.output.split(separator: "\n")
        #expect(lines.count == 2 && lines[0].contains("\t(other)\tcommand\t"), "\(preview)")
        #expect(preview.errors.contains("these bytes would be sent to \(url): 1 day, 2 lines"))
        #expect(!preview.output.contains("acme"))
        #expect(try days.isEmpty)
        let json = try JSONNode(await output("sync", "--to", "company", "--dry-run", "--json"))
        #expect(json != .null)
        #expect(try await output("sync").hasPrefix("Sent aggregates of 1 day, 2 lines, "))
        #expect(try days.count == 1)
        #expect(try await output("sync", "--to", "company") == "Nothing new for \(url).\n")
        let listed = try await output("sync", "list")
        #expect(listed.contains("company  \(url)  (aggregates: 1 command, 0 categories, 0 templates; id "), "\(listed)")
        let log = try await output("sync", "log")
        #expect(log.contains("sent") && log.contains("\(url) (aggregates of 20"), "\(log)")
        #expect(try await output("sync", "log", "--json").contains("\"day\" : \"20"))
        #expect(try await output("telemetry", "status").contains("Sent:       aggregates ("))
        let names = try await output("sync", "list", "--json")
        #expect(names.contains("\"names\" : \"listed\"") && names.contains("\"destinations\" : {"))
    }

    @Test("Rows do not go where the user agreed to aggregates, and a name is for one of the two")
    func noRows() async throws {
        try await command.record("--command make")
        _ = try await output("sync", "add", "company", url, "--aggregates")
        let rows = try await command.run("sync", "--to", url)
        #expect(rows.status == 64 && rows.errors.contains("gets aggregates under the name 'company', and no rows"))
        #expect(try days.isEmpty)
        #expect(try await command.run("sync", "add", "company", url).errors.contains("receives aggregates already"))
        _ = try await output("sync", "add", "rows", "file:///elsewhere")
        let taken = try await command.run("sync", "add", "rows", "file:///elsewhere", "--aggregates")
        #expect(taken.errors.contains("receives rows already"))
        #expect(try await command.run("sync").errors.contains("--to with one of company, rows"))
        #expect(try await command.run("sync", "add", "x", url, "--renew").status == 64)
        #expect(try await command.run("sync", "add", "x", url, "--aggregates", "--renew", "--keep").status == 64)
    }

    @Test("A copied folder sends nothing until the user says which of the two goes on")
    func copied() async throws {
        try await command.record("--command make")
        _ = try await output("sync", "add", "company", url, "--aggregates")
        let file = AggregateSettingsFile(data)
        func source() throws -> String? { try file.load().entries["company"]?.source }
        let first = try source()
        try file.update { $0.entries["company"]?.installation = String(repeating: "0", count: 32) }
        for words in [["sync"], ["sync", "add", "company", url, "--aggregates"]] {
            let refused = try await command.run(words)
            #expect(refused.status == 78 && refused.errors.contains("--renew if the other folder is still in use"))
        }
        _ = try await output("sync", "add", "company", url, "--aggregates", "--keep")
        #expect(try source() == first)
        try file.update { $0.entries["company"]?.installation = String(repeating: "0", count: 32) }
        _ = try await output("sync", "add", "company", url, "--aggregates", "--renew")
        #expect(try source() != first)
        #expect(try await output("sync").hasPrefix("Sent aggregates of 1 day"))
        _ = try await output("telemetry", "rekey", "--yes")
        try await command.record("--command make")
        #expect(try await output("sync").hasPrefix("Sent aggregates of 1 day"), "a new key is no copy")
    }

    @Test("'remove' asks what becomes of the days there, and withdraws them")
    func remove() async throws {
        try await command.record("--command make")
        _ = try await output("sync", "add", "company", url, "--aggregates")
        _ = try await output("sync")
        let asked = try await command.run("sync", "remove", "company")
        #expect(asked.status == 64 && asked.errors.contains("has 1 day of 'company'"), "\(asked)")
        #expect(try await output("sync", "remove", "company", "--withdraw").hasPrefix("Withdrew 1 day from \(url)."))
        #expect(try await output("sync", "list") == "No destinations yet.\n")
        let log = try await output("sync", "log")
        #expect(log.contains(" withdrawn)"), "\(log)")
        _ = try await output("sync", "add", "company", url, "--aggregates")
        _ = try await output("sync")
        #expect(try await output("sync", "remove", "company", "--keep").isEmpty)
        #expect(try await command.run("sync", "remove", "company").errors.contains("unknown destination 'company'"))
    }

    @Test("A purge of everything names the destinations, and the next sync withdraws the days")
    func purgeAll() async throws {
        try await command.record("--command acme-merger-tool")
        _ = try await output(
            "sync", "add", "company", url, "--aggregates", "--allow", try list("command acme-merger-tool"))
        _ = try await output("sync")
        let receipt = try await output("telemetry", "purge", "--all", "--yes")
        #expect(receipt.contains("Found:    nothing") && !receipt.contains("Listed:"), "\(receipt)")
        #expect(receipt.contains("Sent:     aggregates to \(url), which has them until the next 'nexus sync'"))
        #expect(receipt.contains("remove all of it: remove the files nexus-daily-"))
        #expect(try await output("sync", "list").contains("withdrawn; no day is sent"))
        try await command.record("--command make")
        #expect(try await output("sync").hasPrefix("Withdrew 1 day from \(url). No day is sent there until"))
        #expect(try await output("sync").hasPrefix("Nothing to withdraw from \(url)."))
        _ = try await output("sync", "add", "company", url, "--aggregates")
        #expect(try await output("sync").hasPrefix("Sent aggregates of 1 day"))
    }

    @Test(
        "A purge of a part changes its days, which the next sync replaces; the user's own list is named and is no trace"
    )
    func purgePart() async throws {
        try await command.record("--command acme-merger-tool", "--command make")
        _ = try await output(
            "sync", "add", "company", url, "--aggregates", "--allow", try list("command acme-merger-tool\ncommand make")
        )
        _ = try await output("sync")
        let receipt = try await output("telemetry", "purge", "--command", "acme-merger-tool", "--yes")
        #expect(receipt.contains("Found:    nothing") && receipt.contains("Listed:   in "), "\(receipt)")
        let sent = try await output("sync", "--dry-run")
        #expect(sent.contains("\tmake\t") && !sent.contains("acme"), "\(sent)")
        #expect(try await output("sync").hasPrefix("Sent aggregates of 1 day, 1 line, "))
        #expect(try await output("telemetry", "purge", "--command", "make", "--yes", "--json").contains("\"sent\""))
    }
}
