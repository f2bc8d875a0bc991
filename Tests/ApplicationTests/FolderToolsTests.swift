import Core
import DatabaseTesting
import Foundation
import Intake
import Maintenance
import SystemSupport
import TestSupport
import Testing

@testable import Application
@testable import Database

@Suite("Checking, draining and purging a data folder")
struct FolderToolsTests {
    private let folder: TemporaryFolder
    private var data: DataFolder { folder.data }
    private var drainer: Drainer { Drainer(data: data) }

    init() throws {
        folder = try TemporaryFolder()
    }

    private func record(_ lines: [String], session: String = "s") throws {
        _ = try HashKey.load(from: data)
        var filler = BufferFiller(data, session: session)
        try filler.append(lines)
    }

    @Test("The process that has the writer lock stores pending events")
    func drains() async throws {
        #expect(try await drainer.prepareReport(patience: .zero) == .nothing, "there is no folder yet")
        try record([#"{"command":"make"}"#, #"{"command":"git"}"#])
        #expect(try drainer.pendingEvents() == 2)
        #expect(try await drainer.drainIfFree() == 2)
        #expect(try drainer.pendingEvents() == 0)
        #expect(try Tables(data).number("SELECT count(*) FROM events") == 2)
        #expect(try await drainer.drainOrAsk(patience: .seconds(5)))
        #expect(try await drainer.prepareReport(patience: .seconds(5)) == .nothing)
    }

    @Test("A report does not wait for another writer for longer than it may")
    func anotherWriter() async throws {
        try record([#"{"command":"make"}"#])
        let lock = try AnotherWriter.waitedFor(in: data)
        #expect(try await drainer.drainIfFree() == nil)
        #expect(try await !drainer.drainOrAsk(patience: .milliseconds(20)))
        #expect(try await drainer.prepareReport(patience: .milliseconds(20)) == .pending)
        #expect(try drainer.pendingEvents() == 1)
        _ = consume lock
    }

    @Test("A report does not wait for another writer if no event is pending")
    func nothingWaits() async throws {
        try record([#"{"command":"make"}"#])
        try await drainer.drainIfFree()
        let lock = try AnotherWriter.waitedFor(in: data)
        #expect(try await drainer.drainOrAsk(patience: .seconds(60)))
        _ = consume lock
    }

    @Test("Nothing is stored while recording is off, and a report prints what is missing")
    func off() async throws {
        try record([#"{"command":"make"}"#])
        #expect(try await TelemetryControl(data: data).switchOff() == .isQuiet)
        #expect(try await drainer.drainIfFree() == nil)
        #expect(try await drainer.prepareReport(patience: .zero) == .pendingWhileOff)
        try TelemetryControl(data: data).switchOn()
        #expect(try await drainer.drainIfFree() == 1)
        #expect(try await TelemetryControl(data: data).switchOff() == .isQuiet)
        #expect(try await drainer.prepareReport(patience: .zero) == .nothing)
    }

    @Test("A purge prints what it would remove, and then removes it")
    func purge() async throws {
        try record([
            #"{"command":"make","timestamp":"2026-01-01T10:00:00Z"}"#,
            #"{"command":"make all","timestamp":"2026-11-01T10:00:00Z"}"#, #"{"command":"git"}"#,
        ])
        try await drainer.drainIfFree()
        try record([#"{"command":"make"}"#])
        var selection = PurgeSelection()
        selection.command = "make"
        let purger = Purger(data: data)
        let preview = try purger.preview(selection)
        #expect(
            preview.events == 2 && preview.sessions == 1 && preview.countedEvents == 0 && preview.pendingEvents == 1)
        let receipt = try #require(try await purger.purge(selection))
        #expect(receipt.foundIn.isEmpty && receipt.events >= 2)
        try await drainer.drainIfFree()
        #expect(try Tables(data).number("SELECT count(*) FROM events WHERE command LIKE 'make%'") == 0)
        #expect(try Tables(data).number("SELECT count(*) FROM events") == 1)
        #expect(try purger.preview(keepingDays: 36_000).events == 0)
    }

    @Test("A new key cannot be linked to the old one, and a missing folder has nothing to remove")
    func renewKey() async throws {
        try record([#"{"command":"make","workspace":"shop"}"#])
        let before = try HashKey.load(from: data)
        #expect(try await Purger(data: data).renewKey())
        #expect(try HashKey.load(from: data) != before)
        let missing = DataFolder(folder.path + "/none")
        await #expect(throws: NothingRecorded.self) { try await Purger(data: missing).renewKey() }
        let error = NothingRecorded(path: "/a\u{1B}")
        #expect(error.description == "nothing was recorded yet: there is no /a\\u{1b}" && error.exitCode == .usage)
        #expect(!missing.folder.exists)
    }

    @Test("Counts are the same after they were computed again from the rows")
    func rebuild() async throws {
        try record((0..<20).map { #"{"command":"make","duration_ms":\#($0)}"# })
        try await drainer.drainIfFree()
        let before = try Tables(data).rollups()
        #expect(try await Rebuilder(data: data).rebuild())
        #expect(try Tables(data).rollups() == before && !before.isEmpty)
    }

    @Test("A sound folder passes every check, and a damaged one is reported with what to do")
    func doctor() async throws {
        try record([#"{"command":"make","workspace":"shop"}"#])
        try await drainer.drainIfFree()
        let doctor = FolderDoctor(data: data)
        // Programs make their files with a mask of their own, which a test must not set.
        func close() throws {
            for name in try data.folder.names() where name.hasPrefix("nexus.db") {
                let path = data.folder.path(of: name)
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            }
        }
        try close()
        let checks = try doctor.checks(isQuick: false) { _ in }
        #expect(checks.allSatisfy { $0.state == .ok }, "\(checks)")
        #expect(checks.contains(.ok("key", "32 bytes, readable by you alone")))
        try data.folder.remove("key")
        try File(opening: data.settingsPath, [.write, .create]).write("{")
        try close()
        let damaged = try doctor.checks(isQuick: true) { _ in }.filter { $0.state == .error }
        #expect(damaged.map(\.check) == ["key", "settings"], "\(damaged)")
        #expect(damaged.allSatisfy { $0.suggestion != nil })
        #expect(damaged.first?.text.contains(data.keyPath) == true)
    }

    @Test("A missing key matters once there are events, or once there was a key")
    func keyProblem() throws {
        let doctor = FolderDoctor(data: data)
        #expect(doctor.keyProblem(hasEvents: false) == nil)
        #expect(doctor.keyProblem(hasEvents: true)?.contains("the next event creates a new one") == true)
        _ = try HashKey.load(from: data)
        #expect(doctor.keyProblem(hasEvents: true) == nil)
        try File(opening: data.keyPath, [.write, .truncate]).write("short")
        #expect(doctor.keyProblem(hasEvents: false)?.contains(data.keyPath) == true)
        try data.folder.remove("key")
        #expect(doctor.keyProblem(hasEvents: false) == HashKeyError.lost(path: data.keyPath).description)
    }

    @Test("Names of workspaces are known from the folders next to the repository and from the settings")
    func workspaceNames() throws {
        let home = try UserHome()
        for name in ["src/shop/.git", "src/web", "other/tool"] {
            try Folder(home.path + "/" + name).prepare()
        }
        func names(_ environment: [String: String], in working: String?) -> Set<String> {
            let variables = environment.merging(home.variables) { own, _ in own }
            return Set(
                WorkspaceNames.known(in: data, environment: { variables[$0] }, workingFolder: working).values)
        }
        let working = home.path + "/src/shop"
        #expect(names([:], in: working).isEmpty, "without a key there are no hashes")
        let key = try HashKey.load(from: data)
        #expect(names([:], in: working) == ["shop", "web"])
        #expect(names(["NEXUS_WORKSPACE": "mine"], in: nil) == ["mine"])
        try SettingsControl(data: data).add(["~/other"], to: .nameFolders)
        #expect(names([:], in: home.path) == ["other", "tool"])
        let known = WorkspaceNames.known(in: data, environment: home.environment, workingFolder: nil)
        #expect(known[key.hash(ofName: "tool")] == "tool")
    }
}
