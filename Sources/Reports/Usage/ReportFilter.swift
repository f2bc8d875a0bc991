package import Core
package import Database
import Intake
import Rollups
package import SystemSupport

/// What a report is confined to, in the person's words.
package struct ReportFilter: Equatable, Sendable {
    package var command: String?
    /// The name as it was asked for; what is looked for is its hash.
    package var workspace: String?
    /// The keyed hash of `workspace`.
    package var workspaceHash: String?
    package var failedOnly = false

    package init(command: String? = nil, workspace: String? = nil, failedOnly: Bool = false) {
        self.command = command
        self.workspace = workspace
        self.failedOnly = failedOnly
    }

    /// Makes a filter from what the user gave. A workspace is looked for by its hash, which a name had when it was recorded.
    ///
    /// - Parameters:
    ///   - data: the data folder whose key hashes names.
    ///   - recorded: the data folder whose events are counted.
    /// - Throws: `AmbiguousWorkspace`, or the error of a key or a database that cannot be read.
    package init(
        command: String?, workspace: String?, failedOnly: Bool, keyOf data: DataFolder, recordedIn recorded: DataFolder
    ) throws {
        self.init(command: command, workspace: workspace, failedOnly: failedOnly)
        guard let workspace else { return }
        // Without a key no name was ever hashed.
        let nameHash = try HashKey.existing(in: data)?.hash(ofName: workspace)
        let hash = try Self.workspaceHash(workspace, nameHash: nameHash) { try Self.workspaces(in: recorded) }
        guard let hash else { throw AmbiguousWorkspace(text: workspace) }
        workspaceHash = hash
    }

    /// The hash of the workspace that a text means: the recorded one whose name it is, else the only recorded one that it is
    /// the beginning of, else the hash of the name, which finds nothing.
    ///
    /// - Parameters:
    ///   - nameHash: the keyed hash of the text as a name; nil without a key.
    ///   - recorded: returns the hashes of all workspaces.
    /// - Returns: nil where the text is the beginning of several hashes.
    package static func workspaceHash(
        _ text: String, nameHash: String?, recorded: () throws -> [String]
    ) rethrows -> String? {
        guard KnownNames.isPrefix(text) else { return nameHash ?? "" }
        let hashes = try recorded()
        if let nameHash, hashes.contains(nameHash) { return nameHash }
        let found = hashes.filter { $0.hasPrefix(text) }
        return found.count > 1 ? nil : found.first ?? (KnownNames.isHash(text) ? text : nameHash ?? "")
    }

    /// The hashes of all workspaces that events of a data folder have.
    package static func workspaces(in data: DataFolder) throws(StoreError) -> [String] {
        try StoreReader(data: data)?.usage(by: .workspace, in: 0..<Int64.max).map(\.name) ?? []
    }

    package var isEmpty: Bool { self == ReportFilter() }

    /// Whether changes are searched. Among failures alone nothing can fail more often, and what fails early is no change of speed.
    var searchesChanges: Bool { !failedOnly }

    /// The same filter with the first digits of the workspace's hash in place of the name that the user gave.
    package var withoutNames: ReportFilter {
        var filter = self
        if workspace != nil { filter.workspace = workspaceHash.map { $0.isEmpty ? "?" : KnownNames.short($0) } ?? "?" }
        return filter
    }

    /// The same as the store asks for it.
    var stored: UsageFilter {
        UsageFilter(command: command, workspaceHash: workspaceHash, failed: failedOnly)
    }

    /// `only make, in webshop, only failures`; empty when nothing is left out.
    var text: String {
        var parts: [String] = []
        if let command { parts.append("command \(command.escapedForDisplay)") }
        if let workspace { parts.append("workspace \(workspace.escapedForDisplay)") }
        if failedOnly { parts.append("failures") }
        return parts.isEmpty ? "" : "only " + parts.joined(separator: ", ")
    }

    var json: JSONValue {
        [
            "command": .string(command), "workspace": .string(workspace),
            "failed_only": .bool(failedOnly),
        ]
    }
}

/// A text that begins the hashes of several workspaces.
package struct AmbiguousWorkspace: ReportedError {
    let text: String

    package var exitCode: ExitCode { .rejectedInput }

    package var description: String {
        "cannot tell which workspace \(text.escapedForDisplay) is: the hashes of several begin with it; give more digits"
    }
}

/// How the hashes of names are shown to the owner.
package enum KnownNames {
    /// Digits of a hash that a terminal shows.
    package static let shownDigits = 8

    /// The first digits of a keyed hash; any other text as it is.
    static func short(_ name: String) -> String { isHash(name) ? String(name.prefix(shownDigits)) : name }

    /// Whether a text has the form of a keyed hash.
    static func isHash(_ text: String) -> Bool { text.utf8.count == Limits.hashCharacters && isHexadecimal(text) }

    private static func isHexadecimal(_ text: String) -> Bool {
        text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    /// Whether a text may be the beginning of a hash: at least four of its digits.
    package static func isPrefix(_ text: String) -> Bool {
        (4...Limits.hashCharacters).contains(text.utf8.count) && isHexadecimal(text)
    }
}
