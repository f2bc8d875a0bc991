import Core
import Foundation
import SystemSupport
import TestSupport

/// A data folder of its own, and the real programs working on it.
final class TestEnvironment {
    /// The raw names that every event carries; no byte of them may reach the disk.
    static let workspace = "confidential-client-workspace"
    static let task = "acquire the competitor"

    let programs: Programs
    let data: DataFolder
    /// For what is not the programs' own: what they say, for example.
    let scratch: TemporaryFolder
    var environment: [String: String]

    /// Works on a data folder at `path`, by default one in the scratch folder.
    init(_ programs: Programs, dataAt path: String? = nil) throws {
        self.programs = programs
        scratch = try TemporaryFolder()
        data = path.map(DataFolder.init) ?? scratch.data
        environment = [
            "NEXUS_DATA_DIR": data.folder.path, "TZ": "UTC", "NEXUS_SESSION": "torture", "PATH": "/usr/bin:/bin",
        ]
    }

    /// Starts a program; `variables` come on top of the environment.
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

    /// The bytes of each file in the data folder, by its name there.
    func files() -> [String: Data] {
        var files: [String: Data] = [:]
        for name in (try? FileManager.default.subpathsOfDirectory(atPath: data.folder.path)) ?? [] {
            let path = data.folder.path + "/" + name
            let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
            // A pipe would be waited for; and a file may go while the folder is walked over.
            if type == .typeRegular { files[name] = FileManager.default.contents(atPath: path) }
        }
        return files
    }

    /// What a program printed, run to its end; throws unless it returned 0.
    @discardableResult
    func output(of arguments: [String], input: String = "", variables: [String: String] = [:]) throws -> String {
        let child = try start(arguments, input: .pipe, output: .pipe, variables: variables)
        child.send(Array(input.utf8))
        try child.exchange { false }
        let end = try child.wait()
        guard end == .exited(0) else { throw InvariantViolation("'\(child.name)' ended with \(end): \(child.errors)") }
        return String(decoding: child.received, as: UTF8.self)
    }

    /// Stores all that waits; throws unless that succeeds. A service that has much to store says "try again" (75), and
    /// that is done: so many times, some five seconds each.
    func flush(attempts: Int = 12) throws {
        for _ in 0..<attempts {
            let child = try nexus("flush")
            let end = try child.wait()
            if end == .exited(0) { return }
            guard end == .exited(75) else {
                throw InvariantViolation("'nexus flush' ended with \(end): \(child.errors)")
            }
        }
        throw InvariantViolation("\(attempts) times 'nexus flush' do not store what waits")
    }
}
