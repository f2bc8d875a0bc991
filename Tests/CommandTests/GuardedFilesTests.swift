import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// Files of Nexus are readable by the owner alone, in their places, and no other file has their content.
struct GuardedFilesTests {
    private func mode(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    /// Runs a script with the programs of the build on its path, and with a umask of 0.
    private func bash(_ program: Program, _ script: String) throws -> (status: Int32, output: String) {
        let process = program.process(["-c", "umask 0; " + script])
        process.executableURL = URL(filePath: "/bin/bash")
        process.environment?["PATH"] = Program.url.deletingLastPathComponent().path + ":/usr/bin:/bin"
        process.currentDirectoryURL = URL(filePath: program.folder.path)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    @Test(
        "All files of Nexus are readable by their owner alone, whatever the umask: data, snapshots and synced files"
    )
    func permissions() throws {
        let program = try Program()
        let outcome = try bash(
            program,
            """
            set -e
            mkdir sent
            nexus-record --command make; nexus record --command make; nexus exec -- true
            echo '{"command":"make"}' | nexus record --stdin; echo '{' | nexus record --stdin || :
            nexus telemetry retain 90d --yes; nexus telemetry rekey --yes; nexus telemetry off; nexus telemetry on
            for format in sqlite ndjson csv; do nexus export --format $format -o one.$format; done
            nexus import one.sqlite; nexus sync --to "file://$PWD/sent"; nexus telemetry purge --command make --yes
            """)
        #expect(outcome.status == 0, "\(outcome.output)")
        let service = try RunningService(program, limits: "umask 0")
        #expect(try bash(program, "nexus record --command make").status == 0)
        let root = program.folder.data.folder.path
        #expect(try mode(root) == 0o700)
        let names = try FileManager.default.subpathsOfDirectory(atPath: root)
        #expect(names.count > 10)
        for name in names { #expect(try mode(root + "/" + name) & 0o077 == 0, "\(name)") }
        let sent = try FileManager.default.contentsOfDirectory(atPath: program.folder.path + "/sent")
        #expect(sent.count == 1)
        for name in ["one.sqlite", "one.ndjson", "one.csv"] + sent.map({ "sent/" + $0 }) {
            #expect(try mode(program.folder.path + "/" + name) == 0o600, "\(name)")
        }
        #expect(try service.stop() == 0)
    }

    @Test(
        "A link in place of a file of Nexus is not followed, and its target stays unchanged",
        arguments: [
            "key", "key.made", "settings.json", "nexus.db", "nexus.db-wal", "buffer", "costs", "notice", "writer.lock",
            "writer.turn",
            "ledger.ndjson", "ledger.head", "serve.lock",
        ])
    func links(name: String) throws {
        let program = try Program()
        let root = program.folder.data.folder.path
        let victim = program.folder.path + "/victim"
        let isFolder = name == "buffer"
        if isFolder {
            try FileManager.default.createDirectory(atPath: victim, withIntermediateDirectories: false)
        } else {
            try Data("another's".utf8).write(to: URL(filePath: victim))
        }
        #expect(try program.run("record", "--command", "before").status == 0)
        #expect(try program.run("flush").status == 0)
        try? FileManager.default.removeItem(atPath: root + "/" + name)
        try FileManager.default.createSymbolicLink(atPath: root + "/" + name, withDestinationPath: victim)
        let target = program.folder.path + "/sent"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: false)
        for command in [
            ["record", "--command", "make"], ["record", "--stdin"], ["exec", "--", "true"], ["flush"], ["stats"],
            ["telemetry", "off"], ["telemetry", "on"], ["telemetry", "retain", "90d", "--yes"],
            ["telemetry", "rekey", "--yes"],
            ["sync", "--to", "file://" + target], ["telemetry", "purge", "--all", "--yes"],
        ] {
            let process = program.process(command)
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationReason == .exit, "\(command)")
        }
        if isFolder {
            #expect(try FileManager.default.contentsOfDirectory(atPath: victim) == [])
        } else {
            #expect(FileManager.default.contents(atPath: victim) == Data("another's".utf8))
        }
        #expect(try program.run("doctor").status != 0)
    }

    @Test("A program that is killed by a fault leaves no core file, which would hold names and the key")
    func coreFiles() throws {
        let program = try Program()
        let limit = "ulimit -c unlimited; "
        // Where the system makes any, a shell says of a program that it left one.
        let control = try bash(program, limit + "sleep 9 & kill -SYS $!; wait $!")
        for (command, isUp) in [
            ("nexus serve", #"[ -S "$NEXUS_DATA_DIR/socket" ]"#),
            (
                #"{ echo '{"command":"make","workspace":"acme"}'; sleep 9 2>/dev/null; } | nexus record --stdin --ack >acks"#,
                "[ -s acks ]"
            ),
        ] {
            let outcome = try bash(
                program, limit + "\(command) & until \(isUp); do sleep 0.01; done; kill -SYS $!; wait $!")
            #expect(outcome.status == 128 + SIGSYS, "\(outcome.output)")
            #expect(!outcome.output.contains("core dumped"), "\(outcome.output), but \(control.output)")
        }
        let key = try Data(contentsOf: URL(filePath: program.folder.data.keyPath))
        for name in try FileManager.default.contentsOfDirectory(atPath: program.folder.path) where name.contains("core")
        {
            #expect(FileManager.default.contents(atPath: program.folder.path + "/" + name)?.range(of: key) == nil)
        }
    }

    @Test(
        "Events printed into the pipe from a folder that is left out are accepted, as the service cannot know the folder"
    )
    func pipeFromMarkedFolder() throws {
        let program = try Program()
        let service = try RunningService(program)
        let outcome = try bash(
            program,
            "mkdir x; cd x; touch .nexus-telemetry-off; printf '{\"command\":\"piped\"}\\n' >'\(service.runtime.pipePath)'"
        )
        #expect(outcome.status == 0)
        #expect(try service.stop() == 0)
        #expect(try program.query("SELECT command FROM events") == "piped")
    }

    @Test("A purge does not remove sent events from their destination")
    func sentStays() throws {
        let program = try Program()
        #expect(try program.run("record", "--command", "make").status == 0)
        let target = program.folder.path + "/sent"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: false)
        #expect(try program.run("sync", "--to", "file://" + target).status == 0)
        let sent = try FileManager.default.contentsOfDirectory(atPath: target)
        #expect(try program.run("telemetry", "purge", "--all", "--yes").status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: target) == sent && sent.count == 1)
        #expect(try program.run("telemetry", "status").output.contains("Sent:       1 row ("))
    }
}
