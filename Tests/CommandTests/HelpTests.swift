import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

/// The help of every subcommand, and the manual pages that are made of it.
struct HelpTests {
    private let program: Program

    init() throws {
        program = try Program()
    }

    private struct Command {
        let path: [String]
        let discussion: String
        let options: Set<String>
    }

    /// Every subcommand that the help shows.
    private func commands() throws -> [Command] {
        let dump = try JSONNode(program.run("--experimental-dump-help").output)
        func walk(_ command: JSONNode, _ above: [String]) throws -> [Command] {
            guard case .string(let name)? = command["commandName"] else { throw QueryFailure(text: "no name") }
            guard name != "help", command["shouldDisplay"] != .bool(false) else { return [] }
            var options: Set<String> = []
            for index in 0..<200 {
                guard let argument = command["arguments"]?[index] else { break }
                for place in 0..<4 {
                    guard case .string(let option)? = argument["names"]?[place]?["name"] else { break }
                    options.insert(option.count == 1 ? "-" + option : "--" + option)
                }
            }
            var text = ""
            if case .string(let discussion)? = command["discussion"] { text = discussion }
            var found = [Command(path: above + [name], discussion: text, options: options)]
            for index in 0..<100 {
                guard let subcommand = command["subcommands"]?[index] else { break }
                found += try walk(subcommand, above + [name])
            }
            return found
        }
        return try walk(try #require(dump["command"]), [])
    }

    @Test("The help of every subcommand has EXAMPLES, which name it and only options that it has")
    func examples() throws {
        let commands = try commands()
        #expect(commands.count > 30)
        for command in commands {
            let name = command.path.joined(separator: " ")
            let parts = command.discussion.components(separatedBy: "EXAMPLES\n")
            #expect(parts.count == 2, "\(name): \(command.discussion)")
            let examples = (parts.last ?? "").split(separator: "\n").map(String.init)
            #expect(!examples.isEmpty && examples.allSatisfy { $0.hasPrefix("  ") }, "\(name)")
            #expect(examples.contains { $0.contains(name) }, "\(name): \(examples)")
            guard command.path.count > 1, !["exec", "session", "telemetry", "sync"].contains(command.path[1]) else {
                continue
            }
            for example in examples {
                // What stands in quotes is a value.
                let words = example.replacing(/'[^']*'|"[^"]*"/, with: "x").split(separator: " ").map(String.init)
                for word in words where word.hasPrefix("--") && word != "--" {
                    #expect(command.options.contains(word), "\(name): \(word) in \(example)")
                }
            }
        }
    }

    /// The manual pages by name.
    private func pages() throws -> [String: String] {
        let folder = program.folder.path + "/man1"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let outcome = try program.run("man-pages", folder)
        #expect(outcome.status == 0 && outcome.output.isEmpty && outcome.errors.isEmpty, "\(outcome)")
        var pages: [String: String] = [:]
        for file in try FileManager.default.contentsOfDirectory(atPath: folder) {
            pages[String(file.dropLast(2))] = try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
        }
        return pages
    }

    @Test("Every subcommand has a manual page with its sections, and every cross reference leads to a page")
    func manual() throws {
        let pages = try pages()
        let names = try commands().map { $0.path.joined(separator: "-") }
        #expect(Set(pages.keys) == Set(names))
        for (name, text) in pages {
            for section in ["NAME", "SYNOPSIS", "EXAMPLES", "ENVIRONMENT", "FILES", "EXIT STATUS", "SEE ALSO"] {
                #expect(text.contains("\n.SH \(section)\n"), "\(name): \(section)")
            }
            let references = text.matches(of: /\n\.BR ([a-z\\-]+) \(1\)/).map {
                String($0.output.1).replacing("\\", with: "")
            }
            #expect(!references.isEmpty || names.count == 1, "\(name)")
            for reference in references { #expect(pages[reference] != nil, "\(name): \(reference)") }
            // A line of text never is a request by chance.
            for line in text.split(separator: "\n") where line.hasPrefix("'") || line.hasPrefix("\"") {
                Issue.record("\(name): \(line)")
            }
        }
        let stats = try #require(pages["nexus-stats"])
        #expect(stats.contains("\\-\\-week") && stats.contains("nexus stats \\-\\-week"))
        #expect(try #require(pages["nexus"]).contains(".BR nexus\\-compare (1)"))
    }

    @Test("groff formats every manual page without a warning")
    func formatted() throws {
        guard FileManager.default.fileExists(atPath: "/usr/bin/groff") else { return }
        for name in try pages().keys {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/groff")
            process.arguments = ["-man", "-Tutf8", "-ww", "-z", program.folder.path + "/man1/\(name).1"]
            let errors = Pipe()
            process.standardError = errors
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0 && text.isEmpty, "\(name): \(text)")
        }
    }
}
