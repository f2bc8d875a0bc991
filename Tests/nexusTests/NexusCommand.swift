import ArgumentParser
import Core
import Synchronization
import SystemSupport
import TestSupport

@testable import nexus

/// Runs subcommands in the process of the tests, with a data folder and an environment of their own.
struct NexusCommand {
    /// The result of a command, as a user sees it.
    struct Outcome: Equatable {
        var status: Int32 = 0
        var output = ""
        var errors = ""
    }

    let folder: TemporaryFolder
    var variables: [String: String]

    init() throws {
        folder = try TemporaryFolder()
        variables = [
            "HOME": folder.path, "NEXUS_DATA_DIR": folder.data.folder.path, "SHELL": "/bin/bash",
            "NEXUS_SESSION": "mine",
        ]
    }

    /// Runs a command line to its end.
    @discardableResult
    func run(_ words: String...) async throws -> Outcome { try await run(words) }

    /// The same with the words in a list.
    func run(_ words: [String]) async throws -> Outcome {
        let output = Mutex("")
        let errors = Mutex("")
        let variables = variables
        let context = CommandContext(
            write: { text in output.withLock { $0 += text } }, report: { text in errors.withLock { $0 += text } },
            environment: { variables[$0] }, stopSignals: [])
        var outcome = Outcome()
        do {
            try SubcommandCheck.require(words.map { RawArgument($0) }, of: Nexus.self)
            let command = try Self.parse(words)
            try await CommandContext.$current.withValue(context) {
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    var command = command
                    try command.run()
                }
            }
        } catch {
            if let failure = CommandFailure(error) {
                outcome.status = failure.code
                errors.withLock { $0 += failure.message }
            } else {
                outcome.status = Nexus.exitCode(for: error).rawValue
                let text = Nexus.fullMessage(for: error)
                if outcome.status == 0 { output.withLock { $0 += text } } else { errors.withLock { $0 += text } }
            }
        }
        outcome.output = output.withLock { $0 }
        outcome.errors = errors.withLock { $0 }
        return outcome
    }

    /// Parses the words with the subcommand that they name: the parser checks every declaration below the command that it begins
    /// with, each time.
    private static func parse(_ words: [String]) throws -> any ParsableCommand {
        var command: any ParsableCommand.Type = Nexus.self
        var rest = words[...]
        while let name = rest.first,
            let next = command.configuration.subcommands.first(where: { $0._commandName == name })
        {
            command = next
            rest.removeFirst()
        }
        return try command.parseAsRoot(Array(rest))
    }

    /// Records events with the flags of `nexus record`, separated by spaces.
    func record(_ events: String...) async throws {
        for event in events {
            let outcome = try await run(["record"] + event.split(separator: " ").map(String.init))
            guard outcome == Outcome() else { throw CommandFailure("\(outcome)", .usage) }
        }
    }
}
