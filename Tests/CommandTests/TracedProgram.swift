import Foundation
import Platform
import TestSupport
import Testing

/// What a command asked the system for, by strace: which files it opened for writing, and which sockets it made.
struct SystemCalls {
    /// Calls that open, make, rename or remove something for writing, one a line.
    let writes: [String]
    /// Calls that make a socket of the network.
    let networkSockets: [String]

    /// Runs one of the build's programs under strace, children and all, in a folder of the caller's choice.
    init(
        of name: String, _ arguments: [String], _ program: Program, input: String = "", in folder: String? = nil,
        while work: ((Process) throws -> Void)? = nil
    ) throws {
        try #require(FileManager.default.isExecutableFile(atPath: "/usr/bin/strace"), "apt-get install strace")
        let log = program.folder.path + "/trace-" + UUID().uuidString
        let text = program.folder.path + "/input-" + UUID().uuidString
        defer { for path in [log, text] { try? FileManager.default.removeItem(atPath: path) } }
        try Data(input.utf8).write(to: URL(filePath: text))
        let process = program.process(
            [
                "-f", "-qq", "-o", log, "-e",
                "trace=open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,rename,renameat,"
                    + "renameat2,unlink,unlinkat,link,linkat,symlink,truncate,socket",
                Program.url.deletingLastPathComponent().appending(path: name).path,
            ] + arguments)
        process.executableURL = URL(filePath: "/usr/bin/strace")
        process.standardInput = FileHandle(forReadingAtPath: text)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        if let folder { process.currentDirectoryURL = URL(filePath: folder) }
        try process.run()
        try work?(process)
        process.waitUntilExit()
        let calls = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map(String.init)
        try #require(!calls.isEmpty)
        let root = program.folder.data.folder.path
        writes = calls.filter { call in
            guard call.contains(root) else { return false }
            guard call.contains("open") else { return true }
            return ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC"].contains(where: call.contains)
        }
        networkSockets = calls.filter { $0.contains("socket(") && !$0.contains("AF_UNIX") && !$0.contains("AF_LOCAL") }
    }
}
