import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Units of systemd, and what a service manager passes")
struct ServiceUnitTests {
    private let program: Program
    private var units: String { program.folder.path + "/config/systemd/user" }

    init() throws {
        var program = try Program()
        program.environment["HOME"] = program.folder.path
        program.environment["XDG_CONFIG_HOME"] = program.folder.path + "/config"
        self.program = program
    }

    private func commands() throws -> [String] {
        _ = try program.run("flush")
        return try program.query("SELECT command FROM events ORDER BY id").split(separator: "\n").map(String.init)
    }

    @Test("'--install' writes units that systemd accepts, '--uninstall' removes them")
    func install() throws {
        let outcome = try program.run("serve", "--install")
        #expect(
            outcome.status == 0 && outcome.output.contains("systemctl --user enable --now nexus.socket"), "\(outcome)")
        for name in ["nexus.service", "nexus.socket"] {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/systemd-analyze")
            process.arguments = ["--user", "--man=no", "verify", units + "/" + name]
            process.environment = [
                "HOME": program.folder.path, "XDG_RUNTIME_DIR": program.folder.path, "PATH": "/usr/bin:/bin",
            ]
            let errors = Pipe()
            process.standardError = errors
            try process.run()
            let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0 && !text.contains("nexus"), "\(name): \(text)")
        }
        let service = try String(contentsOfFile: units + "/nexus.service", encoding: .utf8)
        #expect(service.contains("ExecStart=\"\(Program.url.path)\" serve\n"))
        #expect(try program.run("serve", "--uninstall").output.contains("Removed: \(units)/nexus.service"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: units).isEmpty)
        #expect(try program.run("serve", "--uninstall").output == "No units of Nexus are installed.\n")
    }

    @Test("A data folder that the user chose is in a drop-in, escaped")
    func dropIn() throws {
        var program = program
        let folder = program.folder.path + "/a \"b\" 100% $x"
        program.environment["NEXUS_DATA_DIR"] = folder
        #expect(try program.run("serve", "--install").status == 0)
        let service = try String(contentsOfFile: units + "/nexus.service.d/data-folder.conf", encoding: .utf8)
        let escaped = folder.replacing("\"", with: "\\\"").replacing("%", with: "%%")
        #expect(service.contains("Environment=\"NEXUS_DATA_DIR=\(escaped)\"\n"), "\(service)")
        let socket = try String(contentsOfFile: units + "/nexus.socket.d/data-folder.conf", encoding: .utf8)
        #expect(socket.contains("ListenFIFO=\(folder.replacing("%", with: "%%"))/pipe\n"))
        #expect(try program.run("serve", "--uninstall").output.contains("nexus.socket.d/data-folder.conf"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: units).isEmpty)
    }

    @Test("A socket that a service manager passes is served, and its name stays")
    func passedSocket() throws {
        try program.folder.data.folder.prepare()
        let path = program.folder.data.folder.path + "/socket"
        let process = program.process(["--listen=" + path, "-ENEXUS_DATA_DIR", "--", Program.url.path, "serve"])
        process.executableURL = URL(filePath: "/usr/bin/systemd-socket-activate")
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer { if process.isRunning { process.terminate() } }
        #expect(RunningService.poll { FileManager.default.fileExists(atPath: path) })
        // The first connection starts the service.
        let counts = try UnixClient(path, timeout: 20).exchange([#"{"command":"first"}"#], total: 1)
        #expect(counts.accepted == 1)
        #expect(try UnixClient(path, timeout: 20).exchange([#"{"command":"second"}"#], total: 1).accepted == 1)
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(FileStatus(of: path)?.kind == .socket)
        #expect(try commands() == ["first", "second"])
    }

    @Test("A pipe that a service manager passes is read, with what was written before the start, and its name stays")
    func passedPipe() throws {
        try program.folder.data.folder.prepare()
        let path = program.folder.data.folder.path + "/pipe"
        let process = program.process([
            "-c",
            """
            mkfifo -m 600 "$1" && exec 3<>"$1" && printf '{"command":"before"}\\n' >&3 &&
                LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve
            """, Program.url.path, path,
        ])
        process.executableURL = URL(filePath: "/bin/bash")
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer { if process.isRunning { process.terminate() } }
        let run = program.folder.data.folder.path + "/run/pipe"
        #expect(RunningService.poll { FileManager.default.fileExists(atPath: run) })
        let pipe = try FileHandle(forWritingTo: URL(filePath: path))
        try pipe.write(contentsOf: Data("{\"command\":\"after\"}\n".utf8))
        try pipe.close()
        #expect(
            RunningService.poll { (try? UnixClient(program.folder.data.folder.path + "/socket", timeout: 5)) != nil })
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(FileStatus(of: path)?.kind == .pipe)
        #expect(try commands() == ["before", "after"])
    }

    @Test("Descriptors passed to another process are ignored")
    func otherProcess() throws {
        var program = program
        program.environment["LISTEN_PID"] = "1"
        program.environment["LISTEN_FDS"] = "2"
        let service = try RunningService(program)
        #expect(try service.client().exchange([#"{"command":"make"}"#], total: 1).accepted == 1)
        #expect(try service.stop() == 0)
        #expect(!FileManager.default.fileExists(atPath: service.runtime.socketPath))
    }
}
