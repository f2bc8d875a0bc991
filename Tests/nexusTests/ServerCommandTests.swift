import Core
import TestSupport
import Testing

@testable import nexus

@Suite("Reports from a server, without one")
struct ServerCommandTests {
    private let command: NexusCommand

    init() throws {
        command = try NexusCommand()
    }

    @Test("What only a server has, and what a server has not, is refused with a sentence")
    func reports() async throws {
        try await command.record("--command make")
        let server = "clickhouse://127.0.0.1:1/nexus"
        for words in [["--by", "installation"], ["--installation", "0a0b"], ["--at-least", "3"]] {
            let refused = try await command.run(["stats"] + words)
            #expect(refused.status == 64 && refused.errors.contains("give --from clickhouse://"), "\(words)")
        }
        for (words, what) in [
            (["stats", "--by", "session"], "by session"), (["stats", "--by", "hour"], "by hour"),
            (["stats", "--by", "workspace"], "by workspace"), (["stats", "--workspace", "web"], "a workspace"),
            (["stats", "2h"], "a part of a day"), (["insights", "2h"], "a part of a day"),
            (["compare", "2h"], "a part of a day"), (["report", "2h"], "a part of a day"),
        ] {
            let refused = try await command.run(words + ["--from", server])
            #expect(
                refused.status == 64 && refused.errors.contains("cannot report \(what) from a server"), "\(refused)")
        }
        #expect(try await command.run("stats", "--from", server, "--installation", "xyz").status == 64)
        #expect(try await command.run("stats", "--from", server, "--at-least", "0").status == 64)
        let both = try await command.run("stats", "--from", server, "--at-least", "2", "--by", "installation")
        #expect(both.errors.contains("exclude each other"))
        let closed = try await command.run("stats", "--from", server)
        #expect(
            closed.status == 69 && closed.errors.contains("cannot reach clickhouse://127.0.0.1:1/nexus"), "\(closed)")
        #expect(
            try await command.run("insights", "--from", "backup.db.lz4").errors.contains(
                "reports are read from clickhouse"))
    }
}
