import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Naming rules and lists in the settings")
struct NamingSettingsTests {
    private let folder: TemporaryFolder
    private var file: SettingsFile { SettingsFile(folder.data) }

    init() throws {
        folder = try TemporaryFolder()
    }

    private func put(_ text: String) throws {
        try folder.data.folder.prepare()
        try text.write(toFile: file.path, atomically: false, encoding: .utf8)
    }

    @Test("Lists are read back as they were set")
    func roundTrip() throws {
        try file.update { settings in
            settings.set(.ignore, list: ["ls", "git status"])
            settings.set(.subcommands, list: ["mytool"])
            settings.set(.interactive, list: ["mytui"])
            settings.set(.nameFolders, list: ["/src \"x\""])
            settings.set(gitWorkspace: false)
        }
        let settings = try file.load()
        #expect(settings.naming.ignore == ["ls", "git status"])
        #expect(settings.naming.subcommands == ["mytool"] && settings.naming.interactive == ["mytui"])
        #expect(!settings.naming.usesGitWorkspace)
        #expect(settings.list(.nameFolders) == ["/src \"x\""])
        try file.update { settings in
            for name in SettingName.allCases { settings.unset(name) }
        }
        #expect(try file.load().naming == .none)
        #expect(try String(contentsOfFile: file.path, encoding: .utf8) == "{}\n")
    }

    @Test("Settings of earlier versions are read, and their values stay")
    func earlierVersions() throws {
        try put(#"{"recording":"off","retention_days":90,"destinations":{"a":"file:///x"},"later":1}"#)
        try file.update { $0.set(.ignore, list: ["ls"]) }
        let settings = try file.load()
        #expect(!settings.isRecordingOn && settings.retentionDays == 90 && settings.destinations == ["a": "file:///x"])
        #expect(try String(contentsOfFile: file.path, encoding: .utf8).contains("\"later\": 1"))
    }

    @Test(
        "Lists of the wrong type are damaged settings",
        arguments: [
            #"{"ignore":"ls"}"#, #"{"ignore":[1]}"#, #"{"subcommands":{}}"#, #"{"interactive":[null]}"#,
            #"{"name_folders":[[]]}"#, #"{"git_workspace":true}"#,
        ])
    func wrongTypes(content: String) throws {
        try put(content)
        #expect(throws: SettingsError.self) { try file.load() }
    }

    @Test("Every setting is printed with its value, whether it is set or not")
    func states() throws {
        var settings = Settings()
        #expect(settings.states.map(\.name) == SettingName.allCases && settings.states.allSatisfy { !$0.isSet })
        #expect(settings.states.map(\.text).prefix(4) == ["on", "forever", "none", "on"])
        settings.set(.ignore, list: ["ls", "cd"])
        settings.set(retentionDays: 7)
        let texts = Dictionary(uniqueKeysWithValues: settings.states.map { ($0.name, $0.text) })
        #expect(texts[.ignore] == "ls, cd" && texts[.retentionDays] == "7")
    }

    @Test(
        "An entry is ignored by its words, not by its letters",
        arguments: [
            ("git", "git", true), ("git", "git status", true), ("git status", "git status", true),
            ("git status", "git", false), ("git", "gitk", false), ("git s", "git status", false), ("", "git", false),
        ])
    func prefixes(entry: String, name: String, isIgnored: Bool) {
        var naming = NamingSettings()
        naming.ignore = ["zzz", entry]
        #expect(naming.ignores(name.utf8.span) == isIgnored)
    }

    @Test("A list accepts what can be part of it")
    func entries() {
        #expect(SettingName.ignore.accepts(entry: "git status") && SettingName.ignore.accepts(entry: ":"))
        for bad in ["", " ls", "ls ", "ls  x", "-x", "a b c d e", "ls\n", "é", String(repeating: "x", count: 33)] {
            #expect(!SettingName.ignore.accepts(entry: bad), "\(bad)")
        }
        #expect(SettingName.subcommands.accepts(entry: "my-tool2") && !SettingName.subcommands.accepts(entry: "a b"))
        #expect(SettingName.nameFolders.accepts(entry: "/a b") && !SettingName.nameFolders.accepts(entry: "a"))
        #expect(!SettingName.recording.accepts(entry: "on"))
    }

    @Test("A source of naming rules returns them once, and again after a change")
    func source() throws {
        try put(#"{"ignore":["ls"]}"#)
        var source = NamingSettingsSource(folder.data)
        #expect(source.next()?.ignore == ["ls"])
        #expect(source.next() == nil)
        try file.update { $0.set(.ignore, list: ["cd"]) }
        #expect(source.next()?.ignore == ["cd"])
        try put("{")
        #expect(source.next() == nil)
    }
}
