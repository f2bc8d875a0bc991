import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// What a command asked the system for, by strace: what it wrote, and which sockets it made.
struct SystemCalls {
    /// Calls that open, make, change, rename or remove something in the data folder, one a line.
    let writes: [String]
    /// Calls that make a socket of the network.
    let networkSockets: [String]

    /// A program that is being traced.
    struct Tracing {
        fileprivate let log: String
        fileprivate var firstByte = 0

        /// Calls from here on count; none before.
        mutating func begin() throws { firstByte = try Data(contentsOf: URL(filePath: log)).count }
    }

    /// Runs one of the build's programs, or another by its path, under strace, children and all, in a folder of the
    /// caller's choice; `work` is done while it runs.
    init(
        of name: String, _ arguments: [String], _ program: Program, input: String = "", in folder: String? = nil,
        while work: ((inout Tracing) throws -> Void)? = nil
    ) throws {
        try #require(FileManager.default.isExecutableFile(atPath: "/usr/bin/strace"), "apt-get install strace")
        let log = program.folder.path + "/trace-" + UUID().uuidString
        let text = program.folder.path + "/input-" + UUID().uuidString
        defer { for path in [log, text] { try? FileManager.default.removeItem(atPath: path) } }
        try Data(input.utf8).write(to: URL(filePath: text))
        let process = program.process(
            Self.options(log: log) + [name.hasPrefix("/") ? name : Program.path(of: name)] + arguments)
        process.executableURL = URL(filePath: "/usr/bin/strace")
        process.standardInput = FileHandle(forReadingAtPath: text)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        if let folder { process.currentDirectoryURL = URL(filePath: folder) }
        try process.run()
        var tracing = Tracing(log: log)
        try work?(&tracing)
        process.waitUntilExit()
        try self.init(log: log, from: tracing.firstByte, root: program.folder.data.folder.path)
    }

    /// Reads what strace noted from a byte of its log on.
    init(log: String, from firstByte: Int = 0, root: String) throws {
        let bytes = try Data(contentsOf: URL(filePath: log))
        try #require(!bytes.isEmpty)
        let calls = String(decoding: bytes.dropFirst(firstByte), as: UTF8.self).split(separator: "\n").map(String.init)
        writes = calls.filter { call in
            guard call.contains(root) else { return false }
            guard call.contains(" open") else { return true }
            return ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"].contains(where: call.contains)
        }
        networkSockets = calls.filter { $0.contains("socket(") && !$0.contains("AF_UNIX") && !$0.contains("AF_LOCAL") }
    }

    /// What strace is told: every call that opens, makes or changes a file, with the paths of open ones, and sockets.
    static func options(log: String) -> [String] {
        let calls = [
            "open", "openat", "openat2", "creat", "mkdir", "mkdirat", "mknod", "mknodat", "rename", "renameat",
            "renameat2", "unlink", "unlinkat", "rmdir", "link", "linkat", "symlink", "symlinkat", "truncate",
            "ftruncate", "fallocate", "write", "writev", "pwrite64", "pwritev", "pwritev2", "copy_file_range",
            "sendfile",
            "chmod", "fchmod", "fchmodat", "utimensat", "socket",
        ]
        return ["-f", "-y", "-qq", "-s", "0", "-o", log, "-e", "trace=" + calls.joined(separator: ",")]
    }
}
