import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Settings")
struct SettingsTests {
    private let folder: TemporaryFolder
    private var file: SettingsFile { SettingsFile(folder.data) }

    init() throws {
        folder = try TemporaryFolder()
    }

    private func put(_ text: String) throws {
        try folder.data.folder.prepare()
        try text.write(toFile: file.path, atomically: false, encoding: .utf8)
    }

    private var text: String { (try? String(contentsOfFile: file.path, encoding: .utf8)) ?? "" }

    @Test("Settings without a file are the defaults, and reading creates no file")
    func absent() throws {
        #expect(try file.load() == Settings())
        #expect(Settings().isRecordingOn && Settings().retentionDays == nil && Settings().destinations.isEmpty)
        #expect(!folder.data.folder.exists)
    }

    @Test("A changed setting is read by every reader")
    func roundTrip() throws {
        try file.update { settings in
            settings.set(recording: false)
            settings.set(retentionDays: 90)
            settings.set(destination: "backup", url: "file:///mnt/back \"up\"\n")
        }
        let settings = try file.load()
        #expect(!settings.isRecordingOn)
        #expect(settings.retentionDays == 90)
        #expect(settings.destinations == ["backup": "file:///mnt/back \"up\"\n"])
        try file.update { $0.set(retentionDays: nil) }
        try file.update { $0.set(destination: "backup", url: nil) }
        try file.update { $0.set(.nameFolders, list: ["/srv/src", "~/src"]) }
        #expect(try file.load().nameFolders == ["/srv/src", "~/src"])
        try file.update { $0.set(.nameFolders, list: []) }
        #expect(text == "{\n  \"recording\": \"off\"\n}\n")
    }

    @Test("Keys of a later version stay when the file is rewritten")
    func unknownKeys() throws {
        try put(#"{"later": {"a": [1.50e3, "\u00e9", true, null, {}, []]}, "recording": "on", "z": -0}"#)
        try file.update { $0.set(recording: false) }
        let expected = #"{"later":{"a":[1.50e3,"é",true,null,{},[]]},"recording":"off","z":-0}"#
        #expect(text.filter { !$0.isWhitespace } == expected)
    }

    @Test(
        "Damaged settings differ from absent ones, allow nothing, and are not overwritten",
        arguments: [
            "", "{", "[]", "{\"recording\": true}", "{\"recording\": \"maybe\"}", "{\"recording\": \"off\"} x",
            "{\"recording\": \"on\", \"recording\": \"off\"}", "{\"retention_days\": 0}", "{\"retention_days\": 1.5}",
            "{\"retention_days\": \"90\"}", "{\"destinations\": []}", "{\"destinations\": {\"a\": 1}}", "\u{FEFF}{}",
            "{\"name_folders\": \"/src\"}", "{\"name_folders\": [1]}", "{\"name_folders\": [\"src\"]}",
            "{\"a\": \"\u{1}\"}", "{\"a\": 01}", "{\"a\": \"\\ud800\"}",
        ])
    func damaged(content: String) throws {
        try put(content)
        #expect(throws: SettingsError.self) { try file.load() }
        #expect(throws: SettingsError.self) { try file.update { $0.set(recording: true) } }
        #expect(throws: SettingsError.self) { try RecordingPolicy.current(for: folder.data, environment: { _ in nil }) }
        var policy = RecordingPolicyCache(folder.data)
        let isOpen = policy.isOpen()
        #expect(!isOpen)
        #expect(FileManager.default.contents(atPath: file.path) == Data(content.utf8))
    }

    @Test("Settings nested or long beyond reason are damaged and not worked through")
    func hostile() throws {
        for text in [
            String(repeating: "[", count: 60_000), "{\"a\":\"" + String(repeating: "x", count: 70_000) + "\"}",
        ] {
            try put(text)
            #expect(throws: SettingsError.self) { try file.load() }
        }
    }

    @Test("A change that would make the file longer than one is read leaves it as it is")
    func full() throws {
        try file.update { settings in
            for number in 0..<60 { settings.set(destination: "\(number)", url: String(repeating: "x", count: 1000)) }
        }
        let before = text
        #expect(throws: SettingsError.full(path: file.path)) {
            try file.update { $0.set(destination: "another", url: String(repeating: "x", count: 5000)) }
        }
        #expect(text == before)
        try file.update { $0.set(recording: false) }
        #expect(try !file.load().isRecordingOn)
    }

    @Test("A link or a pipe in place of the settings is not followed and not waited for")
    func strangeFiles() throws {
        try folder.data.folder.prepare()
        try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: "/dev/null")
        #expect(throws: SettingsError.self) { try file.load() }
        try FileManager.default.removeItem(atPath: file.path)
        _ = try NamedPipe.create(file.path, capacity: 4096)
        #expect(throws: SettingsError.self) { try file.load() }
    }

    @Test("Concurrent changes are all kept")
    func concurrentUpdates() async throws {
        let file = file
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<16 {
                group.addTask { try file.update { $0.set(destination: "d\(number)", url: "file:///\(number)") } }
            }
            try await group.waitForAll()
        }
        #expect(try file.load().destinations.count == 16)
    }

    @Test("The file is the owner's alone, and no leftover of a killed process is in the way")
    func rights() throws {
        try folder.data.folder.prepare()
        try "{".write(toFile: file.path + ".new", atomically: false, encoding: .utf8)
        try file.update { $0.set(recording: false) }
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try !file.load().isRecordingOn)
    }

    @Test("The policy cache notices a change at its next check")
    func policy() throws {
        var policy = RecordingPolicyCache(folder.data)
        var answers = [policy.isOpen()]
        for isOn in [false, false, true] {
            try file.update { $0.set(recording: isOn) }
            answers.append(policy.isOpen())
        }
        #expect(answers == [true, false, false, true])
    }
}

@Suite("A folder can be left out")
struct MarkerTests {
    @Test("The marker switches off in its folder and in all below, and nowhere else")
    func marker() throws {
        let folder = try TemporaryFolder()
        let inner = Folder(folder.path + "/a/b/c")
        try inner.prepare()
        try Folder(folder.path + "/other").prepare()
        #expect(RecordingPolicy.of(folder: inner.path) == .on)
        let marker = folder.path + "/a/" + RecordingPolicy.markerName
        try Data().write(to: URL(filePath: marker))
        let off = RecordingPolicy.off(reason: "\(marker) exists")
        #expect(RecordingPolicy.of(folder: inner.path) == off)
        #expect(RecordingPolicy.of(folder: folder.path + "/a") == off)
        #expect(RecordingPolicy.of(folder: folder.path + "/other") == .on)
        #expect(RecordingPolicy.of(folder: "/") == .on)
    }

    @Test("The marker is found above a folder whose name begins with a combining accent")
    func combiningAccent() throws {
        let folder = try TemporaryFolder()
        let inner = Folder(folder.path + "/a/\u{301}b/c")
        try inner.prepare()
        let marker = folder.path + "/a/" + RecordingPolicy.markerName
        try Data().write(to: URL(filePath: marker))
        #expect(RecordingPolicy.of(folder: inner.path) == .off(reason: "\(marker) exists"))
    }

    @Test("The environment counts before the folder, and both before the settings")
    func order() throws {
        let folder = try TemporaryFolder()
        try SettingsFile(folder.data).update { $0.set(recording: false) }
        try Data().write(to: URL(filePath: folder.path + "/" + RecordingPolicy.markerName))
        func reason(_ environment: [String: String], _ path: String) throws -> String {
            let now = try RecordingPolicy.current(
                for: folder.data, environment: { environment[$0] }, workingFolder: path)
            if case .off(let reason) = now { return reason }
            return "on"
        }
        #expect(try reason(["DO_NOT_TRACK": "1"], folder.path) == "DO_NOT_TRACK is set")
        #expect(try reason([:], folder.path).hasSuffix("\(RecordingPolicy.markerName) exists"))
        #expect(try reason([:], "/") == "'nexus telemetry off' was called")
    }
}
