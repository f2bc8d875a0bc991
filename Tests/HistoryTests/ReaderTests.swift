import Core
import Foundation
import Intake
import SystemSupport
import TestSupport
import Testing

@testable import History

/// The readers of histories: what each makes of the bytes of its format.
struct ReaderTests {
    /// An entry as a test writes it.
    struct Read: Equatable, CustomStringConvertible {
        var line: String
        var seconds: Int64
        var durationMS: Int64?
        var status: Int?

        var description: String { "\(seconds) \(durationMS ?? -1) \(status ?? -1) \(line)" }
    }

    /// Reads a file of the given bytes; returns its entries, and the reasons for the others in their order.
    static func read(_ source: HistorySource, _ bytes: [UInt8]) throws -> (entries: [Read], skipped: [HistorySkip]) {
        let folder = try TemporaryFolder()
        let path = folder.path + "/history"
        try Data(bytes).write(to: URL(filePath: path))
        return try read(source, path)
    }

    static func read(_ source: HistorySource, _ path: String) throws -> (entries: [Read], skipped: [HistorySkip]) {
        var reader = try source.reader(of: path)
        var entry = HistoryEntry()
        var entries: [Read] = []
        var skipped: [HistorySkip] = []
        while let item = try reader.next(into: &entry) {
            switch item {
            case .entry:
                entries.append(
                    Read(
                        line: String(decoding: entry.line, as: UTF8.self), seconds: entry.facts.time / 1000,
                        durationMS: entry.facts.durationMS, status: entry.facts.status))
            case .skipped(let reason): skipped.append(reason)
            }
        }
        try reader.finish()
        return (entries, skipped)
    }

    // MARK: zsh

    @Test("zsh: an extended entry has its start, and its length only if it is not 0")
    func zshExtended() throws {
        let (entries, skipped) = try Self.read(
            .zsh, Array(": 1700000000:0;ls\n: 1700000005:12;make -j8\n:1700000006:0;pwd\n".utf8))
        #expect(
            entries == [
                Read(line: "ls", seconds: 1_700_000_000),
                Read(line: "make -j8", seconds: 1_700_000_005, durationMS: 12_000),
                Read(line: "pwd", seconds: 1_700_000_006),
            ])
        #expect(skipped.isEmpty)
    }

    @Test("zsh: plain entries, an escaped colon and a time of 0 are undated")
    func zshPlain() throws {
        let (entries, skipped) = try Self.read(
            .zsh, Array("ls\n\\: > file\n: no time\n: 0:0;ls\n: 1700000000:1\n".utf8))
        #expect(entries.isEmpty && skipped == Array(repeating: .undated, count: 5))
    }

    @Test("zsh: a backslash before the line feed continues the entry")
    func zshLines() throws {
        let text = ": 1700000000:1;for i in 1 2; do\\\nmake\\\ndone\n: 1700000001:0;echo a\\\\\nb\n: 1700000002:0;ls\\"
        let (entries, _) = try Self.read(.zsh, Array(text.utf8))
        #expect(entries.map(\.line) == ["for i in 1 2; do\nmake\ndone", "echo a\\\nb", "ls\\"])
    }

    @Test("zsh: metafied bytes are restored before anything is decoded")
    func zshMetafied() throws {
        // U+0103 is C4 83; zsh writes 83 as 83 A3. NUL is 83 20.
        var bytes = Array(": 1700000000:0;echo ".utf8) + [0xC4, 0x83, 0xA3, 0x20]
        bytes += [0x83, 0x20] + Array("x\n".utf8)
        #expect(try Self.read(.zsh, bytes).entries.map(\.line) == ["echo \u{103} \0x"])
    }

    @Test("zsh: an old entry with an end instead of a length has the difference")
    func zshEnd() throws {
        let entries = try Self.read(.zsh, Array(": 1700000000:1700000007;make\n".utf8)).entries
        #expect(entries == [Read(line: "make", seconds: 1_700_000_000, durationMS: 7000)])
    }

    @Test("zsh: an entry over the limit is skipped, with its further lines, and the next is read")
    func zshLong() throws {
        let long = String(repeating: "x", count: Limits.historyEntryBytes)
        let (entries, skipped) = try Self.read(
            .zsh, Array(": 1700000000:0;\(long)\\\nmore\n: 1700000001:0;a\\\n\(long)\\\nb\n: 1700000002:0;ls\n".utf8))
        #expect(entries.map(\.line) == ["ls"] && skipped == [.tooLong, .tooLong])
    }

    // MARK: bash

    @Test("bash: a time is that of the lines up to the next one; lines before the first time are undated")
    func bash() throws {
        let text = """
            whoami
            #1700000000
            make
            #1700000005
            for i in 1 2; do
              make
            done
            #12
            #1700000009

            """
        let (entries, skipped) = try Self.read(.bash, Array(text.utf8))
        #expect(
            entries == [
                Read(line: "make", seconds: 1_700_000_000),
                Read(line: "for i in 1 2; do\n  make\ndone\n#12", seconds: 1_700_000_005),
            ])
        #expect(skipped == [.undated])
    }

    @Test("bash: a history without times gives nothing, and each line is counted")
    func bashUndated() throws {
        let (entries, skipped) = try Self.read(.bash, Array("make\nls -l\n# note\n".utf8))
        #expect(entries.isEmpty && skipped == [.undated, .undated, .undated])
    }

    @Test("bash: an entry over the limit is skipped, in one line or in many")
    func bashLong() throws {
        let long = String(repeating: "x", count: Limits.historyEntryBytes + 1)
        let many = String(repeating: "echo something\n", count: Limits.historyEntryBytes / 10)
        let (entries, skipped) = try Self.read(
            .bash, Array("#1700000000\n\(long)\n#1700000001\n\(many)#1700000002\nls\n".utf8))
        #expect(entries.map(\.line) == ["ls"] && skipped == [.tooLong, .tooLong])
    }

    // MARK: fish

    @Test("fish: an item has its line, unescaped in one pass, and its time")
    func fish() throws {
        let text = #"""
            - cmd: make test
              when: 1700000000
            - cmd: echo a\\nb\nc
              when: 1700000001
              paths:
                - Makefile
            - cmd: ls
              added_when: 5
              when: 1700000002
            - cmd: pwd

            """#
        let (entries, skipped) = try Self.read(.fish, Array(text.utf8))
        #expect(
            entries == [
                Read(line: "make test", seconds: 1_700_000_000), Read(line: "echo a\\nb\nc", seconds: 1_700_000_001),
                Read(line: "ls", seconds: 1_700_000_002),
            ])
        #expect(skipped == [.undated])
    }

    @Test("fish: lines with NUL, unknown lines and a torn item at the end are broken")
    func fishBroken() throws {
        let text = "- cmd: a\0b\n  when: 1700000000\njunk\n- cmd: ls\n  when: 1700000001\n- cmd: pwd\n  when: 17000"
        let (entries, skipped) = try Self.read(.fish, Array(text.utf8))
        #expect(entries.map(\.line) == ["ls"] && skipped == [.broken, .broken])
    }

    // MARK: Files

    @Test("A history is an ordinary file: not a pipe, not a folder, and a link leads to a file of the user's own")
    func files() throws {
        let folder = try TemporaryFolder()
        #expect(throws: SystemError.self) { try HistorySource.zsh.reader(of: folder.path) }
        let made = unsafe mkfifo(folder.path + "/pipe", 0o600)
        #expect(made == 0)
        #expect(throws: SystemError.self) { try HistorySource.zsh.reader(of: folder.path + "/pipe") }
        let file = folder.path + "/own"
        try Data(": 1700000000:0;ls\n".utf8).write(to: URL(filePath: file))
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: file)
        #expect(try Self.read(.zsh, folder.path + "/link").entries.count == 1)
        guard geteuid() == 0 else { return }
        let given = unsafe chown(file, 12345, 12345)
        #expect(given == 0)
        #expect(throws: SystemError.ofAnotherUser(folder.path + "/link")) {
            try HistorySource.zsh.reader(of: folder.path + "/link")
        }
    }

    @Test("The default paths are searched in order, and HISTFILE counts for the user's own shell")
    func places() {
        func paths(_ source: HistorySource, _ environment: [String: String]) -> [String] {
            source.paths { environment[$0] }
        }
        let home = ["HOME": "/h", "SHELL": "/bin/bash", "HISTFILE": "/x/file"]
        #expect(paths(.bash, home) == ["/x/file", "/h/.bash_history"])
        #expect(paths(.zsh, home).first == "/h/.zsh_history")
        #expect(paths(.zsh, ["HOME": "/h", "ZDOTDIR": "/z"]).first == "/z/.zsh_history")
        #expect(paths(.fish, home) == ["/h/.local/share/fish/fish_history"])
        #expect(paths(.fish, ["XDG_DATA_HOME": "/d", "fish_history": "work"]) == ["/d/fish/work_history"])
        #expect(paths(.atuin, home) == ["/h/.atuin/data/history.db", "/h/.local/share/atuin/history.db"])
        #expect(paths(.atuin, [:]).isEmpty)
    }
}
