package import Core
package import Database
import Intake
import Rollups
package import SystemSupport

/// The filter of a report, as the user gave it.
package struct ReportFilter: Equatable, Sendable {
    package var command: String?
    /// The name as the user gave it; the search uses its hash.
    package var workspace: String?
    /// The keyed hash of `workspace`.
    package var workspaceHash: String?
    package var failedOnly = false

    package init(command: String? = nil, workspace: String? = nil, failedOnly: Bool = false) {
        self.command = command
        self.workspace = workspace
        self.failedOnly = failedOnly
    }

    /// Makes a filter from the user's arguments. A workspace is searched by its hash, as it was recorded.
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

    /// Returns the hash of a workspace by its name or a prefix of its hash. It is the recorded workspace of that name, else the
    /// only recorded hash with that prefix, else the hash of the name, which matches nothing.
    ///
    /// - Parameters:
    ///   - nameHash: the keyed hash of the text as a name; nil without a key.
    ///   - recorded: returns the hashes of all workspaces.
    /// - Returns: nil when the text is a prefix of several hashes.
    package static func workspaceHash(
        _ text: String, nameHash: String?, recorded: () throws -> [String]
    ) rethrows -> String? {
        guard KnownNames.isPrefix(text) else { return nameHash ?? "" }
        let hashes = try recorded()
        if let nameHash, hashes.contains(nameHash) { return nameHash }
        let found = hashes.filter { $0.hasPrefix(text) }
        return found.count > 1 ? nil : found.first ?? (KnownNames.isHash(text) ? text : nameHash ?? "")
    }

    /// Returns the hashes of all workspaces in the events of a data folder.
    package static func workspaces(in data: DataFolder) throws(StoreError) -> [String] {
        try StoreReader(data: data)?.usage(by: .workspace, in: 0..<Int64.max).map(\.name) ?? []
    }

    package var isEmpty: Bool { self == ReportFilter() }

    /// Whether changes are searched. Among failures alone the failure rate cannot rise, and an early failure is no change of
    /// speed.
    var searchesChanges: Bool { !failedOnly }

    /// The same filter with the first digits of the workspace's hash in place of the user's name for it.
    package var withoutNames: ReportFilter {
        var filter = self
        if workspace != nil { filter.workspace = workspaceHash.map { $0.isEmpty ? "?" : KnownNames.short($0) } ?? "?" }
        return filter
    }

    /// The filter in the form of the store.
    var stored: UsageFilter {
        UsageFilter(command: command, workspaceHash: workspaceHash, failed: failedOnly)
    }

    /// `only make, in webshop, only failures`; empty without a filter.
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

/// The error for a prefix of several workspaces' hashes.
package struct AmbiguousWorkspace: ReportedError {
    let text: String

    package var exitCode: ExitCode { .rejectedInput }

    package var description: String {
        "ambiguous workspace \(text.escapedForDisplay): several hashes begin with it; give more digits"
    }
}

/// The form in which the owner sees hashes of names.
package enum KnownNames {
    /// Digits of a hash in a terminal.
    package static let shownDigits = 8

    /// Returns the first digits of a keyed hash; any other text as it is.
    static func short(_ name: String) -> String { isHash(name) ? String(name.prefix(shownDigits)) : name }

    /// Returns whether a text has the form of a keyed hash.
    static func isHash(_ text: String) -> Bool { text.utf8.count == Limits.hashCharacters && isHexadecimal(text) }

    private static func isHexadecimal(_ text: String) -> Bool {
        text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    /// Returns whether a text may be a prefix of a hash: at least four of its digits.
    package static func isPrefix(_ text: String) -> Bool {
        (4...Limits.hashCharacters).contains(text.utf8.count) && isHexadecimal(text)
    }
}
