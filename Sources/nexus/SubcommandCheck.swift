import ArgumentParser
import SystemSupport

/// Rejects unknown subcommands, and suggests the most similar subcommand.
enum SubcommandCheck {
    /// Throws if the arguments name an unknown subcommand. Without this check, the parser would report an unexpected
    /// argument. After `nexus help` the parser would print the general help, and a script would take that for success.
    static func require(_ arguments: [RawArgument], of root: any ParsableCommand.Type) throws {
        let isHelp = arguments.first == RawArgument("help")
        var command = root
        for name in arguments.dropFirst(isHelp ? 1 : 0).map(\.text) {
            let names = command.configuration.subcommands.map { $0._commandName }
            if name.hasPrefix("-") { if isHelp { continue } else { return } }
            if !isHelp && (names.isEmpty || name == "help") { return }
            guard let place = names.firstIndex(of: name) else {
                let meant = nearest(to: name, of: names)
                // The word may be an argument of the default subcommand.
                if !isHelp, meant == nil, command.configuration.defaultSubcommand != nil { return }
                let help = command == root ? "'nexus help'" : "'nexus help \(command._commandName)'"
                let hint = meant.map { "; did you mean '\($0)'?" } ?? ";"
                throw CommandFailure(
                    (isHelp ? "no help for '\(name.escapedForDisplay)'" : "cannot run '\(name.escapedForDisplay)'")
                        + ": there is no such subcommand\(hint) \(help) lists them", .usage)
            }
            command = command.configuration.subcommands[place]
        }
    }

    /// Returns the name that is most similar to a word. Nil if the distance of word and name is more than 1 and more
    /// than about a third of the name's letters. Nil also if another name is equally similar.
    static func nearest(to word: String, of names: [String]) -> String? {
        let distances = names.map { (name: $0, distance: distance(Array(word.lowercased().utf8), Array($0.utf8))) }
        let ordered = distances.sorted { $0.distance < $1.distance }
        guard let best = ordered.first, best.distance <= max(1, (best.name.utf8.count + 1) / 3),
            ordered.count < 2 || ordered[1].distance > best.distance
        else { return nil }
        return best.name
    }

    /// Returns the smallest number of steps that turn one word into the other. A step inserts, removes or replaces a
    /// letter, or swaps two adjacent letters (optimal string alignment).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        // All names are shorter than 32 letters, so a longer word is not similar to any name.
        guard left.count <= 32, !left.isEmpty else { return 32 }
        var rows = [Array(0...right.count)]
        for (i, letter) in left.enumerated() {
            var row = [i + 1]
            for (j, other) in right.enumerated() {
                var cost = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (letter == other ? 0 : 1))
                if i > 0, j > 0, letter == right[j - 1], left[i - 1] == other {
                    cost = min(cost, rows[i - 1][j - 1] + 1)
                }
                row.append(cost)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
