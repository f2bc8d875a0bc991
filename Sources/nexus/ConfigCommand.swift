import Application
import ArgumentParser
import Core
import Reports
import SystemSupport

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print and change the settings.",
        discussion: """
            The settings are in settings.json of the data folder. A change applies immediately, also to running processes. \
            Entries of 'ignore' and 'interactive' are the first words of a command's name as reports print it.

            EXAMPLES
              nexus config                           every setting with its value and default
              nexus config subcommands               one setting, with a line for each entry
              nexus config add ignore ls 'git status'
              nexus config add subcommands mytool
              nexus config set git-workspace off
            """,
        subcommands: [Show.self, Set.self, Unset.self, Add.self, Remove.self, Edit.self], defaultSubcommand: Show.self)

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Print one setting or every setting, with value and default.",
            discussion: """
                EXAMPLES
                  nexus config show
                  nexus config show interactive
                """)

        @Argument(help: "The setting.")
        var name: SettingName?

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let report = ConfigReport(try SettingsControl(data: .readable()).states())
            let text = name.map(report.text) ?? report.text
            try CommandContext.current.write(json ? report.json.document : text)
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Set the value of a setting.",
            discussion: """
                EXAMPLES
                  nexus config set git-workspace off
                  nexus config set recording on
                """)

        @Argument(help: "The setting.") var name: SettingName
        @Argument(help: "The value.") var value: String

        func run() async throws {
            try CommandFailure.require(try await SettingsControl(data: .required()).set(name, to: value))
        }
    }

    struct Unset: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "unset", abstract: "Set a setting to its default.",
            discussion: """
                EXAMPLES
                  nexus config unset ignore
                """)

        @Argument(help: "The setting.") var name: SettingName

        func run() throws { try SettingsControl(data: .required()).unset(name) }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Add entries to a list: ignore, subcommands, interactive or name-folders.",
            discussion: """
                EXAMPLES
                  nexus config add ignore ls 'git status'
                  nexus config add name-folders ~/src
                """)

        @Argument(help: "The list.") var name: SettingName
        @Argument(help: "The entries.") var entries: [String]

        func run() throws { try SettingsControl(data: .required()).add(ConfigCommand.entries(entries, name), to: name) }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Remove entries from a list.",
            discussion: """
                EXAMPLES
                  nexus config remove ignore ls
                """)

        @Argument(help: "The list.") var name: SettingName
        @Argument(help: "The entries.") var entries: [String]

        func run() throws {
            try SettingsControl(data: .required()).remove(ConfigCommand.entries(entries, name), from: name)
        }
    }

    struct Edit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "edit", abstract: "Edit the settings in $VISUAL, else $EDITOR, else vi.",
            discussion: """
                If the edited file is invalid, the command rejects it, and the settings stay unchanged.

                EXAMPLES
                  EDITOR=nano nexus config edit
                """)

        func run() async throws {
            let names = ["VISUAL", "EDITOR"].lazy.compactMap(Environment.value)
            let editor = names.first { !$0.isEmpty } ?? "vi"
            let outcome = try await SettingsControl(data: .required()).edit { path in
                // As with git, the variable may contain arguments after the name of the editor.
                let words = ["/bin/sh", "-c", "\(editor) \"$@\"", editor, path].map { RawArgument($0) }
                return try ChildProcess.runInForeground(words) { $0 }.get() == .exited(0)
            }
            try CommandFailure.require(outcome)
        }
    }

    /// Returns the entries of a setting. Entries of `name-folders` become absolute paths if the folders exist.
    private static func entries(_ texts: [String], _ name: SettingName) -> [String] {
        guard name == .nameFolders else { return texts }
        return texts.map { SymbolicLink.resolved($0) ?? $0 }
    }
}

extension SettingName: ExpressibleByArgument {}
