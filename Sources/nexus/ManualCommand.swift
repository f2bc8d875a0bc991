import ArgumentParser
import Core
import Reports
import SystemSupport

/// Writes the manual pages; `Scripts/install` calls it.
struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "man-pages", abstract: "Write the manual pages into a folder.",
        discussion: """
            There is one page for the program and one for each subcommand: 'man nexus-stats' for 'nexus stats'.

            EXAMPLES
              nexus man-pages ~/.local/share/man/man1
            """, shouldDisplay: false)

    @Argument(help: "An existing folder.", completion: .directory)
    var folder: String

    func run() throws {
        guard let dump = JSONValue(Array(Nexus._dumpHelp().utf8)) else {
            throw CommandFailure("cannot write the manual pages: the help is not JSON; report this", .inputOutput)
        }
        for page in ManualPages.pages(of: dump, version: Version.current) {
            let file = try File(opening: folder + "/\(page.name).1", [.write, .create, .truncate, .regular])
            try file.write(page.text)
            try file.setPermissions(0o644)
        }
    }
}
