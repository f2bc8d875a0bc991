import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// Hooks beside folders, pipes and files that are not what they should be: nothing there is read or written, no prompt
/// waits, and the event goes through the recorder.
@Suite(.serialized)
struct HookTrustTests {
    /// Whose the runtime folders are, and who the shell is.
    enum Setting: CaseIterable {
        case own, anotherUsers, anotherUsersForRoot
    }

    private let program: Program
    private var precious: String { program.folder.path + "/precious" }
    private var created: String { program.folder.path + "/created" }

    init() throws {
        var program = try Program()
        program.environment["NEXUS_DATA_DIR"] = nil
        program.environment["XDG_DATA_HOME"] = program.folder.path + "/home"
        self.program = program
        try Data("precious".utf8).write(to: URL(filePath: precious))
    }

    /// A process that looks like a service: `sleep` under the name `nexus`.
    private final class LookAlike {
        let process = Process()

        init(in folder: String) throws {
            let path = folder + "/nexus"
            try FileManager.default.copyItem(atPath: "/usr/bin/sleep", toPath: path)
            process.executableURL = URL(filePath: path)
            process.arguments = ["600"]
            try process.run()
        }

        // The threads that tests run on block signals, and what they start inherits that: a gentler signal would not arrive.
        deinit { kill(process.processIdentifier, SIGKILL) }
    }

    /// Makes a runtime folder whose names are made by `make`, in the place of the service's and in that of its folder `run`.
    private func trap(_ name: String, of owner: uid_t?, _ make: (_ folder: String) throws -> Void) throws -> String {
        let runtime = program.folder.path + "/" + name
        for folder in [runtime + "/nexus", runtime + "/nexus/run"] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try make(folder)
        }
        if let owner {
            for path in try FileManager.default.subpathsOfDirectory(atPath: runtime) + [""] {
                try #require(unsafe lchown(runtime + "/" + path, owner, owner) == 0)
            }
        }
        unsafe chmod(runtime + "/nexus/run", 0o555)
        return runtime
    }

    private func makePipe(_ path: String) throws { try #require(unsafe mkfifo(path, 0o666) == 0) }

    private func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    }

    @Test(
        "Another file in place of the service's files is not read, written or waited for",
        arguments: InteractiveShell.Kind.allCases, Setting.allCases)
    func traps(kind: InteractiveShell.Kind, setting: Setting) throws {
        // Files of another user can only be made by root.
        if setting != .own, geteuid() != 0 { return }
        let owner: uid_t? = setting == .own ? nil : 65_534
        let service = try LookAlike(in: program.folder.path)
        func pid(_ folder: String) throws {
            try Data("\(service.process.processIdentifier)\n".utf8).write(to: URL(filePath: folder + "/pid"))
        }
        var traps = [
            try trap("pid-is-a-pipe", of: owner) { folder in
                try makePipe(folder + "/pid")
                try makePipe(folder + "/pipe")
            },
            try trap("pipe-is-a-link", of: owner) { folder in
                try pid(folder)
                try link(folder + "/pipe", to: precious)
            },
            try trap("pipe-is-a-link-to-nothing", of: owner) { folder in
                try pid(folder)
                try link(folder + "/pipe", to: created)
            },
            try trap("pipe-is-a-file", of: owner) { folder in
                try pid(folder)
                try FileManager.default.copyItem(atPath: precious, toPath: folder + "/pipe")
            },
            try trap("pid-is-a-link", of: owner) { folder in
                try makePipe(folder + "/pipe")
                try link(folder + "/pid", to: precious)
            },
        ]
        // A pipe with a reader; where all files belong to this user, the user has created the folder.
        let listened = try trap("pipe-of-another", of: owner) { folder in
            try pid(folder)
            try makePipe(folder + "/pipe")
        }
        let readers = ["/nexus/pipe", "/nexus/run/pipe"].map {
            unsafe open(listened + $0, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        }
        defer { for reader in readers { close(reader) } }
        if setting != .own { traps.append(listened) }
        let linked = program.folder.path + "/run-is-a-link"
        try FileManager.default.createDirectory(atPath: linked + "/nexus", withIntermediateDirectories: true)
        try link(linked + "/nexus/run", to: listened + "/nexus/run")
        traps.append(linked)

        let shell = try InteractiveShell(kind, program, recorder: true, asRoot: setting == .anotherUsersForRoot)
        for trap in traps {
            let set = kind == .fish ? "set -gx XDG_RUNTIME_DIR " : "export XDG_RUNTIME_DIR="
            #expect(try shell.type(set + trap, "true") == ["0", "0"])
        }
        try waitUntil("the recorders") {
            let stats = try program.run("stats", "--json").output
            return stats.contains("\"commands\" : \(2 * traps.count),")
        }
        #expect(try String(contentsOfFile: precious, encoding: .utf8) == "precious")
        #expect(!FileManager.default.fileExists(atPath: created))
        let file = program.folder.path + "/pipe-is-a-file/nexus"
        for path in [file + "/pipe", file + "/run/pipe"] {
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
        }
        for reader in readers {
            var byte: UInt8 = 0
            #expect(unsafe read(reader, &byte, 1) == -1 && errno == EAGAIN)
        }
    }

    @Test(
        "A pipe that a stuck service does not read is skipped, full or with some bytes in it",
        arguments: [InteractiveShell.Kind.bash, .zsh], [1, Int.max])
    func stuck(kind: InteractiveShell.Kind, bytes: Int) throws {
        // zsh writes as long as there is room.
        if kind == .zsh, bytes == 1 { return }
        let service = try LookAlike(in: program.folder.path)
        let runtime = program.folder.path + "/stuck"
        let run = runtime + "/nexus/run"
        try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
        try #require(unsafe mkfifo(run + "/pipe", 0o600) == 0)
        try Data("\(service.process.processIdentifier)\n".utf8).write(to: URL(filePath: run + "/pid"))
        unsafe chmod(run, 0o500)
        defer { unsafe chmod(run, 0o700) }
        let descriptor = unsafe open(run + "/pipe", O_RDWR | O_NONBLOCK | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let byte: [UInt8] = [UInt8(ascii: "\n")]
        var written = 0
        while written < bytes, unsafe write(descriptor, byte, 1) == 1 { written += 1 }
        #expect(bytes == 1 ? written == 1 : errno == EAGAIN)

        var program = self.program
        program.environment["XDG_RUNTIME_DIR"] = runtime
        let shell = try InteractiveShell(kind, program, recorder: true)
        #expect(try shell.type("true", "true") == ["0", "0"])
        try waitUntil("the recorders") {
            try program.run("stats", "--json").output.contains("\"commands\" : 2,")
        }
    }

    @Test("A pid file whose number belongs to another nexus process is skipped")
    func anotherProcess() throws {
        let other = try LookAlike(in: program.folder.path)
        let start = ProcessIdentity(processID: other.process.processIdentifier).startTime
        let runtime = program.folder.path + "/reused"
        let run = runtime + "/nexus/run"
        try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
        try #require(unsafe mkfifo(run + "/pipe", 0o600) == 0)
        // The service that had the number started a tick before.
        try Data("\(other.process.processIdentifier) \(start - 1)\n".utf8).write(to: URL(filePath: run + "/pid"))
        unsafe chmod(run, 0o500)
        defer { unsafe chmod(run, 0o700) }
        var program = self.program
        program.environment["XDG_RUNTIME_DIR"] = runtime
        let shell = try InteractiveShell(.bash, program, recorder: true)
        #expect(try shell.type("true", "true") == ["0", "0"])
        try waitUntil("the recorders") {
            try program.run("stats", "--json").output.contains("\"commands\" : 2,")
        }
    }
}
