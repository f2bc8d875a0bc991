import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@testable import Application

@Suite("Changing the settings by name")
struct SettingsControlTests {
    private let folder: TemporaryFolder
    private let control: SettingsControl

    init() throws {
        folder = try TemporaryFolder()
        control = SettingsControl(data: folder.data)
    }

    private func text(_ name: SettingName) throws -> String? {
        try control.states().first { $0.name == name }?.text
    }

    @Test("A value is set and unset, and the defaults are listed")
    func values() async throws {
        #expect(try control.states().map(\.name) == SettingName.allCases)
        #expect(try control.states().allSatisfy { !$0.isSet })
        try await control.set(.gitWorkspace, to: "off")
        #expect(try text(.gitWorkspace) == "off")
        try control.unset(.gitWorkspace)
        #expect(try text(.gitWorkspace) == "on")
        try control.unset(.ignore)
        #expect(try await control.set(.recording, to: "off") == .isQuiet)
        #expect(try text(.recording) == "off")
        #expect(try await control.set(.recording, to: "on") == nil)
        #expect(try text(.recording) == "on")
        #expect(try await control.set(.recording, to: "off") == .isQuiet)
        try control.unset(.recording)
        #expect(try text(.recording) == "on")
    }

    @Test("A value that a setting does not take is refused, with what to do")
    func refused() async throws {
        func error(_ name: SettingName, _ value: String) async -> SettingChangeError? {
            do { _ = try await control.set(name, to: value) } catch { return error as? SettingChangeError }
            return nil
        }
        #expect(
            await error(.recording, "of\u{7}f")?.description
                == "cannot set recording: 'of\\u{7}f' is not valid; give on or off")
        #expect(await error(.gitWorkspace, "yes") == .invalid(.gitWorkspace, "yes"))
        #expect(
            await error(.retentionDays, "90")?.description
                == "cannot set retention-days here: another command sets it; run 'nexus telemetry retain'")
        #expect(await error(.destinations, "x") == .elsewhere(.destinations, command: "nexus sync add"))
        #expect(
            await error(.ignore, "ls")?.description
                == "cannot set ignore: it is a list; use 'nexus config add ignore' and 'remove'")
        #expect(SettingChangeError.editorFailed.exitCode == .usage)
        #expect(try control.states().allSatisfy { !$0.isSet }, "nothing was changed")
    }

    @Test("Entries of a list are added once and removed, all or none")
    func lists() throws {
        try control.add(["ls", "git status", "ls"], to: .ignore)
        try control.add(["ls", "pwd"], to: .ignore)
        #expect(try text(.ignore) == "ls, git status, pwd")
        #expect(throws: SettingChangeError.invalid(.ignore, "-x")) { try control.add(["top", "-x"], to: .ignore) }
        #expect(throws: SettingChangeError.absent(.ignore, "top")) { try control.remove(["ls", "top"], from: .ignore) }
        #expect(try text(.ignore) == "ls, git status, pwd")
        try control.remove(["ls", "pwd"], from: .ignore)
        #expect(try text(.ignore) == "git status")
        try control.unset(.ignore)
        #expect(try text(.ignore) == "none")
        #expect(throws: SettingChangeError.noList(.recording)) { try control.add(["on"], to: .recording) }
        #expect(throws: SettingChangeError.noList(.recording)) { try control.remove(["on"], from: .recording) }
        #expect(SettingChangeError.absent(.ignore, "a").description.contains("'nexus config ignore' prints the list"))
        #expect(SettingChangeError.noList(.recording).description.contains("use 'nexus config set recording'"))
    }

    private func edit(_ change: @escaping (String) throws -> String?) async throws -> TelemetryControl.OffOutcome? {
        try await control.edit { path in
            let before = try String(contentsOfFile: path, encoding: .utf8)
            guard let after = try change(before) else { return false }
            // As editors do that replace the file.
            try after.write(toFile: path, atomically: true, encoding: .utf8)
            return true
        }
    }

    @Test("Edited settings replace the old ones if they are valid")
    func edit() async throws {
        #expect(try await edit { $0 } == nil)
        #expect(try await edit { _ in #"{"ignore":["ls"]}"# } == nil)
        #expect(try text(.ignore) == "ls")
        #expect(try await edit { _ in #"{"recording":"off"}"# } == .isQuiet)
        #expect(try text(.recording) == "off" && text(.ignore) == "none")
        await #expect(throws: SettingsError.self) { try await edit { _ in #"{"recording":7}"# } }
        await #expect(throws: SettingChangeError.editorFailed) { try await edit { _ in nil } }
        #expect(try text(.recording) == "off")
        #expect(try !folder.data.folder.names().contains { $0.hasPrefix(ScratchFolder.prefix) })
    }

    @Test("Settings that another process changed meanwhile are not overwritten")
    func changedMeanwhile() async throws {
        let other = SettingsControl(data: folder.data)
        await #expect(throws: SettingChangeError.changedMeanwhile) {
            try await edit { _ in
                try other.add(["pwd"], to: .ignore)
                return #"{"ignore":["ls"]}"#
            }
        }
        #expect(try text(.ignore) == "pwd")
        #expect(SettingChangeError.changedMeanwhile.description.hasSuffix("run 'nexus config edit' again"))
    }
}
