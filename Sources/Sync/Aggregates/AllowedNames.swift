import Core
package import Rollups
import SystemSupport

/// The names that may leave with aggregates, from a file of the user. Every other name is replaced by `(other)`.
///
///     # Anything after a number sign at the start of a line is a comment.
///     command git status
///     category exit_1
///     template service
///
/// The name of a command must match exactly: `command git` does not allow `git status`. A shell line of several
/// commands is allowed if its first command is allowed. The outcomes, Nexus's own event types and absent values are not
/// names, and are always sent.
package struct AllowedNames: Equatable, Sendable {
    /// The replacement for every name that is not allowed.
    package static let other = "(other)"

    package enum Kind: String, CaseIterable, Sendable {
        case command, category, template
    }

    private let names: [Kind: Set<String>]

    /// Reads the text of a file.
    /// - Throws: `SyncError.badNames` with the first invalid line.
    package init(_ text: String) throws(SyncError) {
        var names: [Kind: Set<String>] = [:]
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let first = words.first, !line.hasPrefix("#") else { continue }
            guard let kind = Kind(rawValue: String(first)), words.count > 1 else {
                throw .badNames(
                    "line \(index + 1) is '\(String(line).escapedForDisplay)'; write 'command', 'category' or 'template' and a name"
                )
            }
            let name = words.dropFirst().joined(separator: " ")
            guard name.utf8.count <= Limits.commandBytes, !name.unicodeScalars.contains(where: \.isInvisible) else {
                throw .badNames("line \(index + 1) has a name that Nexus never stores; remove the line")
            }
            names[kind, default: []].insert(name)
        }
        self.names = names
    }

    /// Returns the number of names of a kind.
    package func count(_ kind: Kind) -> Int { names[kind]?.count ?? 0 }

    /// The text of a file with these names. Equal sets of names give equal texts.
    package var text: String {
        Kind.allCases.flatMap { kind in
            (names[kind] ?? []).sorted().map { "\(kind.rawValue) \($0)\n" }
        }.joined()
    }

    /// Returns whether a recorded name is sent unchanged.
    package func allows(_ kind: Kind, _ name: String) -> Bool {
        (kind == .command ? filteredCommand(name) : allowed(kind, name)) == name
    }

    /// Returns a copy of `key` in which `(other)` replaces every name that is not allowed.
    package func filtered(_ key: DailyFigures.Key) -> DailyFigures.Key {
        var filtered = key
        filtered.command = filteredCommand(key.command)
        filtered.errorCategory = allowed(.category, key.errorCategory)
        filtered.template = allowed(.template, key.template)
        if EventType(key.eventType.utf8.span) == nil { filtered.eventType = Self.other }
        return filtered
    }

    private func filteredCommand(_ command: String) -> String {
        guard let first = EventType.command(ofLine: command) else { return allowed(.command, command) }
        return allowed(.command, first) == first ? command : Self.other
    }

    private func allowed(_ kind: Kind, _ name: String) -> String {
        name.isEmpty || names[kind]?.contains(name) == true ? name : Self.other
    }
}
