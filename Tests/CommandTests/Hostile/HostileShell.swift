import Foundation
import TestSupport

/// The corpus as lines that are typed into a shell.
struct HostileShell {
    let kind: InteractiveShell.Kind

    /// What goes into the start file: programs that do nothing under names that have subcommands, and no history that
    /// would make something else of a line.
    func preparation(_ program: Program) throws -> String {
        let folder = program.folder.path + "/bin"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: folder + "/git", withDestinationPath: "/bin/true")
        return switch kind {
        case .bash: "set +H; PATH=\(folder):$PATH"
        case .zsh: "setopt nobanghist; PATH=\(folder):$PATH"
        case .fish: "set -gx PATH \(folder) $PATH"
        }
    }

    /// Every value that a shell can hold: as an argument, as a program, as the word behind a program that has subcommands,
    /// as what a variable is set to for one command, and as the session.
    func lines() -> [String] {
        let words = HostileValue.all.filter(\.canBeArgument).map { quoted($0.text) }
        let session = kind == .fish ? "set -gx NEXUS_SESSION " : "export NEXUS_SESSION="
        return words.flatMap { ["true " + $0, $0 + " now", "git " + $0, "WORD=\($0) true"] }
            + words.map { session + $0 }
    }

    /// A text as one word of the shell, with nothing in it that a terminal takes for a key.
    func quoted(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { Self.isKey($0) || $0 == "'" || $0 == "\\" }) else {
            return "'" + text + "'"
        }
        let characters = text.unicodeScalars.map { scalar in
            if Self.isKey(scalar) { return "\\u" + String(String(scalar.value + 0x10000, radix: 16).dropFirst()) }
            let isPlain = scalar.properties.isAlphabetic || scalar.value >= 0xA0 || ("0"..."9").contains(scalar)
            return kind == .fish ? (isPlain ? String(scalar) : "\\" + String(scalar)) : plainInDollarQuotes(scalar)
        }
        return kind == .fish ? characters.joined() : "$'" + characters.joined() + "'"
    }

    private func plainInDollarQuotes(_ scalar: UnicodeScalar) -> String {
        scalar == "'" || scalar == "\\" ? "\\" + String(scalar) : String(scalar)
    }

    private static func isKey(_ scalar: UnicodeScalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }
}
