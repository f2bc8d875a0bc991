import Core
import Foundation
import SystemSupport
import TestSupport

/// A data folder, and the real programs that use it.
final class TestEnvironment {
    /// The workspace of every event. The disk may only contain its hash.
    static let workspace = "confidential-client-workspace"
    /// The task of every event. The disk may only contain its hash.
    static let task = "acquire the competitor"

    let programs: Programs
    let data: DataFolder
    /// A folder for files of the test, for example the standard error of the programs.
    let scratch: TemporaryFolder
    var environment: [String: String]

    /// Uses the data folder at `path`. If `path` is nil, the data folder is in the scratch folder.
    init(_ programs: Programs, dataAt path: String? = nil) throws {
        self.programs = programs
        scratch = try TemporaryFolder()
        data = path.map(DataFolder.init) ?? scratch.data
        environment = [
            "NEXUS_DATA_DIR": data.folder.path, "TZ": "UTC", "NEXUS_SESSION": "torture", "PATH": "/usr/bin:/bin",
        ]
    }

    /// Starts a program. `variables` are added to `environment` and override it.
    func start(
        _ arguments: [String], input: Child.Stream = .none, output: Child.Stream = .none,
        variables: [String: String] = [:]
    ) throws -> Child {
        try Child(
            arguments, environment: environment.merging(variables) { $1 }, errorsIn: scratch.path, input: input,
            output: output)
    }

    /// Starts `nexus`.
    func nexus(
        _ arguments: String..., input: Child.Stream = .none, output: Child.Stream = .none,
        variables: [String: String] = [:]
    ) throws -> Child {
        try start([programs.nexus] + arguments, input: input, output: output, variables: variables)
    }

    /// Returns the bytes of each regular file in the data folder, by its path in this folder.
    func files() -> [String: Data] {
        var files: [String: Data] = [:]
        for name in (try? FileManager.default.subpathsOfDirectory(atPath: data.folder.path)) ?? [] {
            let path = data.folder.path + "/" + name
            let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
            // To read a pipe would block. A file may be removed during this loop.
            if type == .typeRegular { files[name] = FileManager.default.contents(atPath: path) }
        }
        return files
    }

    /// Runs a program to its end and returns its standard output. Throws unless the program returns 0.
    @discardableResult
    func output(of arguments: [String], input: String = "", variables: [String: String] = [:]) throws -> String {
        let child = try start(arguments, input: .pipe, output: .pipe, variables: variables)
        child.send(Array(input.utf8))
        try child.exchange { false }
        let end = try child.wait()
        guard end == .exited(0) else { throw InvariantViolation("'\(child.name)' ended with \(end): \(child.errors)") }
        return String(decoding: child.received, as: UTF8.self)
    }

    /// Stores all pending events with `nexus flush`; throws unless this succeeds. If a service has many events to
    /// store, `nexus flush` returns 75 ("try again") after some five seconds. It is then repeated, up to `attempts`
    /// times.
    func flush(attempts: Int = 12) throws {
        for _ in 0..<attempts {
            let child = try nexus("flush")
            let end = try child.wait()
            if end == .exited(0) { return }
            guard end == .exited(75) else {
                throw InvariantViolation("'nexus flush' ended with \(end): \(child.errors)")
            }
        }
        throw InvariantViolation("'nexus flush' returned 75 in all of \(attempts) attempts")
    }
}
