import Core
import Foundation
import SystemSupport
import TestSupport

/// The real `nexus`, run as a user would run it: in a process of its own with a data folder of the test's.
struct Program {
    /// What a finished process left.
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    let folder: TemporaryFolder
    var environment: [String: String]

    /// What programs that were built to watch themselves go by (`Scripts/test --sanitize`); empty for others.
    private static let watching = ProcessInfo.processInfo.environment.filter {
        ["ASAN_OPTIONS", "TSAN_OPTIONS"].contains($0.key)
    }

    /// How many times the usual memory a program may take: to watch itself takes several times as much.
    static let memoryFactor = watching.isEmpty ? 1 : 8

    init() throws {
        folder = try TemporaryFolder()
        environment = ["NEXUS_DATA_DIR": folder.data.folder.path, "TZ": "UTC", "NEXUS_SESSION": "test"]
        environment.merge(Self.watching) { own, _ in own }
    }

    /// The program stands beside the tests' own.
    static let url: URL = {
        let tests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appending(path: "nexus")
    }()

    /// Where another program of the build stands.
    static func path(of name: String) -> String { url.deletingLastPathComponent().appending(path: name).path }

    /// A process that was not started yet. The threads that tests run on block signals, and what they start would
    /// inherit that: a program run from a shell does not.
    func process(_ arguments: [String]) -> Process {
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
        let process = Process()
        process.executableURL = Self.url
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        return process
    }

    /// Runs to the end with `input` on standard input. Files stand in for pipes, so that no amount of text blocks.
    @discardableResult
    func run(_ arguments: String..., input: String = "") throws -> Outcome { try run(arguments, input: input) }

    /// The same with the arguments in a list.
    @discardableResult
    func run(_ arguments: [String], input: String = "") throws -> Outcome {
        let process = process(arguments)
        let names = ["in", "out", "err"].map { folder.path + "/" + $0 + UUID().uuidString }
        defer { for name in names { try? FileManager.default.removeItem(atPath: name) } }
        try Data(input.utf8).write(to: URL(filePath: names[0]))
        for name in names.dropFirst() { _ = FileManager.default.createFile(atPath: name, contents: nil) }
        process.standardInput = FileHandle(forReadingAtPath: names[0])
        process.standardOutput = FileHandle(forWritingAtPath: names[1])
        process.standardError = FileHandle(forWritingAtPath: names[2])
        try process.run()
        process.waitUntilExit()
        func text(_ name: String) -> String {
            String(decoding: FileManager.default.contents(atPath: name) ?? Data(), as: UTF8.self)
        }
        return Outcome(status: process.terminationStatus, output: text(names[1]), errors: text(names[2]))
    }

    /// What a SQL query on the database gives, by the sqlite3 of the system: a user's own tool.
    func query(_ sql: String) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/sqlite3")
        process.arguments = ["-cmd", ".timeout 5000", folder.data.databasePath, sql]
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw QueryFailure(text: String(decoding: complaint, as: UTF8.self))
        }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
}

/// What the sqlite3 of the system complained of.
struct QueryFailure: Error {
    let text: String
}
