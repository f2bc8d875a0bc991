import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// A file system of its own in a file: what was ever written to it can be read in that file.
final class LoopImage {
    private let image: String
    let path: String
    private var mounts: [String] = []

    /// Whether this process may mount one.
    static let canMount: Bool = {
        guard let folder = try? TemporaryFolder(), let image = try? LoopImage(in: folder) else { return false }
        return (try? image.unmount()) != nil
    }()

    /// Makes a disk that has the data folder of `folder` on it.
    init(in folder: TemporaryFolder) throws {
        image = folder.path + "/image"
        path = folder.path + "/mounted"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        _ = FileManager.default.createFile(atPath: image, contents: nil)
        try FileHandle(forWritingTo: URL(filePath: image)).truncate(atOffset: 96 << 20)
        try Self.run("/usr/sbin/mkfs.ext4", "-q", "-F", image)
        try Self.run("/usr/bin/mount", "-o", "loop", image, path)
        mounts = [path]
        let data = folder.data.folder.path
        for name in [path + "/data", data] {
            try FileManager.default.createDirectory(atPath: name, withIntermediateDirectories: true)
        }
        unsafe chmod(path + "/data", 0o700)
        try Self.run("/usr/bin/mount", "--bind", path + "/data", data)
        mounts.append(data)
    }

    deinit { try? unmount() }

    func unmount() throws {
        while let last = mounts.last {
            try Self.run("/usr/bin/umount", last)
            mounts.removeLast()
        }
    }

    /// Whether the bytes are anywhere in the image, which must not be mounted.
    func contains(_ text: String) throws -> Bool {
        try Data(contentsOf: URL(filePath: image), options: .alwaysMapped).range(of: Data(text.utf8)) != nil
    }

    private struct Failure: Error {
        let command: String
    }

    private static func run(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: arguments[0])
        process.arguments = Array(arguments.dropFirst())
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(command: arguments.joined(separator: " ")) }
    }
}

/// Reads arguments and environment of all processes again and again until it is stopped, and notes those that hold the text.
private final class ProcessWatch: @unchecked Sendable {
    private let lock = NSLock()
    private var isStopped = false
    private var found: [String] = []
    private var rounds = 0

    init(for text: String) {
        let bytes = Data(text.utf8)
        Thread.detachNewThread { [self] in
            while !lock.withLock({ isStopped }) {
                for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] where Int(name) != nil
                {
                    for file in ["cmdline", "environ"] {
                        guard let data = FileManager.default.contents(atPath: "/proc/\(name)/\(file)"),
                            data.range(of: bytes) != nil
                        else { continue }
                        let program = String(decoding: data.prefix(60), as: UTF8.self)
                        lock.withLock { found.append("\(file) of \(program)") }
                    }
                }
                lock.withLock { rounds += 1 }
            }
        }
    }

    /// What was found, and how many times it was searched.
    func stop() -> (found: [String], rounds: Int) {
        lock.withLock {
            isStopped = true
            return (found, rounds)
        }
    }
}

/// Lines that hold secrets: on a disk of their own nothing of them is found, nor in any process.
@Suite(.serialized)
struct RawLineTests {
    private static let secret = "hunter-"

    /// Lines whose own commands are builtins, so that no process gets what they hold from the shell itself.
    static func lines(_ kind: InteractiveShell.Kind, count: Int) -> [String] {
        let long = String(repeating: "x", count: 900)
        var templates = [
            "true #", "cd /#", "# \"#\" ; `", "#", "\"#\"", "true '#' \"#\" \\#",
            ": '{\"shell_line\":\"#\",\"command\":\"#\"}'",
            "true # \(long) #", "true 'é#ü\u{1F600}' \u{202E}#", "test -f # && true #", "# && true", "true | true #",
            "echo # >/dev/null",
            "true \"#\\\\\" '\\\"#'", "true *#* {#,b} ~/#", "printf %s # >/dev/null", "! true #", "true # &",
            "true \(long)\(long)\(long)#",
            "sudo-# -u # #", "./#", "/bin/#", "true \u{1}# \u{7}#",
        ]
        if kind == .fish {
            templates += [
                "set -l x #; true $x", "for i in #; true $i; end", "function f; true #; end", "if true; true #; end",
            ]
            templates.removeAll { $0.hasPrefix("# \"") || $0.contains("`") || $0.contains("\u{1}") || $0.contains("é") }
        } else {
            templates += [
                "X=# true", "X='# #'", "export X=#; unset X", "f() { true '#'; }; f #",
                "for i in # #; do true $i; done",
                "case # in *) true #;; esac", "(true #; cd /#)", "{ true #; }", "x=$(true #)",
                "true $((1 + 2)) ${x:-#}",
                "[[ # == # ]]", "true <(true #)", "alias a#='true #'", "trap 'true #' USR1; trap - USR1",
            ]
            templates.removeAll { $0.contains("\u{1}") || $0.hasPrefix("# \"") }
        }
        return (0..<count).map { index in
            templates[index % templates.count].replacing("#", with: secret + "\(index)")
        }
    }

    @Test(
        "No byte of a line is on the disk or in another process, with and without the service, and after kill -9",
        .enabled(if: LoopImage.canMount, "mounting an image is not possible here"),
        arguments: InteractiveShell.Kind.allCases, [true, false])
    func lines(kind: InteractiveShell.Kind, hasService: Bool) throws {
        var program = try Program()
        let image = try LoopImage(in: program.folder)
        program.environment["TMPDIR"] = image.path
        let watch = ProcessWatch(for: Self.secret)
        do {
            let service = hasService ? try RunningService(program) : nil
            let before: [InteractiveShell.Kind: String] = [
                .bash: "unset HISTFILE; set +H",
                .zsh: "unset HISTFILE; setopt no_bang_hist no_nomatch interactive_comments",
                .fish: "set -g fish_history ''",
            ]
            let shell = try InteractiveShell(kind, program, before: before[kind] ?? "", recorder: true)
            let lines = Self.lines(kind, count: 200)
            let half = lines.count / 2
            for line in lines[..<half] { try shell.type(line) }
            // What the killed service leaves is on the disk as it is.
            service?.kill()
            for line in lines[half...] { try shell.type(line) }
            try waitUntil("the recorders") {
                _ = try program.run("flush")
                let text = try program.run("stats", "--json").output
                let commands = text.split(separator: "\"commands\" : ").dropFirst().first?.prefix { $0.isNumber } ?? "0"
                return Int(commands) ?? 0 > half
            }
            try shell.leave()
        }
        let (found, rounds) = watch.stop()
        #expect(found.isEmpty && rounds > 3, "\(Set(found))")
        // What is still running ends before the disk is free.
        try waitUntil("the end of all that uses the disk") { (try? image.unmount()) != nil }
        #expect(try !image.contains(Self.secret))
        #expect(try image.contains("SQLite format 3"), "the image is searched")
    }
}
