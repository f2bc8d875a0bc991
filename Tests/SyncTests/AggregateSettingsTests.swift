import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@testable import Sync

@Suite("The file of the destinations of aggregates")
struct AggregateSettingsTests {
    private let folder: TemporaryFolder
    private var file: AggregateSettingsFile { AggregateSettingsFile(folder.data) }
    private static let id = String(repeating: "a", count: 32)

    init() throws {
        folder = try TemporaryFolder()
        try folder.data.folder.prepare()
    }

    private func entry(_ allowed: String? = nil) throws -> AggregateSettings.Entry {
        .init(
            url: "file:///there", source: Self.id, installation: "b0",
            allowed: try allowed.map { try AllowedNames($0) })
    }

    private func write(_ text: String, mode: Int = 0o600) throws {
        try text.write(toFile: folder.data.aggregatesPath, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.data.aggregatesPath)
    }

    @Test("What is written is read again, by its owner alone, and a file of a killed process is no obstacle")
    func roundTrip() throws {
        #expect(try file.load().entries.isEmpty)
        try "{".write(toFile: folder.data.aggregatesPath + ".new", atomically: false, encoding: .utf8)
        let entry = try entry("command git push\ncategory exit_1")
        try file.update { $0.entries["company"] = entry }
        #expect(try file.load().entries == ["company": entry])
        let status = try #require(FileStatus(of: folder.data.aggregatesPath))
        #expect(status.permissions & 0o777 == 0o600)
        #expect(!folder.data.folder.has(DataFolder.aggregatesName + ".new"))
        #expect(folder.data.owns(fileAt: folder.data.aggregatesPath))
    }

    @Test("A change that changes nothing leaves the file as it is")
    func unchanged() throws {
        try file.update { _ in }
        #expect(!folder.data.folder.has(DataFolder.aggregatesName))
        try file.withdrawAll()
        #expect(!folder.data.folder.has(DataFolder.aggregatesName))
    }

    @Test(
        "A file that is no such file is refused with a reason, and not replaced",
        arguments: [
            "{", "[]", #"{"destinations":{},"schema":2}"#, #"{"schema":1}"#, #"{"destinations":{"a":1},"schema":1}"#,
            #"{"destinations":{"a":{"url":"file:///x"}},"schema":1}"#,
            #"{"destinations":{"a":{"url":"file:///x","id":"A"}},"schema":1}"#,
            #"{"destinations":{"a":{"url":"file:///x","id":"\#(id)","state":"x"}},"schema":1}"#,
            #"{"destinations":{"a":{"url":"file:///x","id":"\#(id)","allowed":"what"}},"schema":1}"#,
            #"{"destinations":{"a":{"url":"file:///x","id":5}},"schema":1}"#,
        ])
    func damaged(text: String) throws {
        try write(text)
        func problem(_ work: () throws -> Void) -> SyncError? {
            do { try work() } catch { return error as? SyncError }
            return nil
        }
        for found in [problem { _ = try file.load() }, problem { try file.update { $0.entries["b"] = nil } }] {
            guard case .badAggregateSettings? = found else {
                Issue.record("\(text) was read")
                return
            }
        }
        #expect(try String(contentsOfFile: folder.data.aggregatesPath, encoding: .utf8) == text)
    }

    @Test("A file that others may write to, or that is too long, is refused")
    func untrusted() throws {
        try write(#"{"destinations":{},"schema":1}"#, mode: 0o666)
        #expect(throws: SyncError.self) { try file.load() }
        try write(String(repeating: " ", count: Limits.aggregateSettingsBytes + 1))
        #expect(throws: SyncError.self) { try file.load() }
    }

    @Test("A purge of everything keeps the id and the URL, and no name")
    func withdrawn() throws {
        try file.update { $0.entries["company"] = try self.entry("command acme-merger") }
        try file.withdrawAll()
        let entry = try #require(try file.load().entries["company"])
        #expect(entry.state == .withdrawing && entry.allowed == nil && entry.source == Self.id)
        #expect(!(try String(contentsOfFile: folder.data.aggregatesPath, encoding: .utf8)).contains("acme"))
    }

    @Test("A renewed installation keeps its destinations, and those of another folder are left alone")
    func renewed() throws {
        try file.update { settings in
            settings.entries["mine"] = try entry()
            settings.entries["copied"] = try entry()
            settings.entries["copied"]?.installation = "c0"
        }
        try file.follow(from: "b0", to: "d0")
        #expect(try file.load().entries.mapValues { $0.installation ?? "" } == ["mine": "d0", "copied": "c0"])
        try file.follow(from: nil, to: "e0")
        #expect(try file.load().entries["mine"]?.installation == "d0")
    }
}
