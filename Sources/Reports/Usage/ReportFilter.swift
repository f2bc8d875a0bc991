package import Core
package import Database
import Intake
import Rollups
package import SystemSupport

/// The filter of a report, as the user gave it.
package struct ReportFilter: Equatable, Sendable {
    package var command: String?
    /// The workspace as the user gave it: a name, or the first digits of a hash. The search uses `workspaceHash`.
    package var workspace: String?
    /// The hash of the workspace to search for; nil if `workspace` is nil.
    package var workspaceHash: String?
    package var failedOnly = false

    package init(command: String? = nil, workspace: String? = nil, failedOnly: Bool = false) {
        self.command = command
        self.workspace = workspace
        self.failedOnly = failedOnly
    }

    /// Makes a filter from the user's arguments. A workspace is searched for by its hash, because events contain the
    /// hash in place of the name.
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
        // Without a key no name was ever hashed, so a name matches no event.
        let nameHash = try HashKey.existing(in: data)?.hash(ofName: workspace)
        let hash = try Self.workspaceHash(workspace, nameHash: nameHash) { try Self.workspaces(in: recorded) }
        guard let hash else { throw AmbiguousWorkspace(text: workspace) }
        workspaceHash = hash
    }

    /// Returns the hash of the workspace that the user's text denotes. A text that cannot be a prefix of a hash is a
    /// name, and the result is the hash of this name. A text that may be a prefix is tried as a name first, and then as
    /// a prefix of the recorded hashes. If neither matches a recorded workspace, the result is a hash that matches no
    /// event.
    ///
    /// - Parameters:
    ///   - nameHash: the keyed hash of the text, taken as a name; nil without a key.
    ///   - recorded: returns the hashes of all recorded workspaces.
    /// - Returns: the hash; nil when the text is a prefix of several recorded hashes.
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

    /// Whether the report searches for changes; false if the filter selects only failures. The failure rate is then
    /// always 100 %, and shorter runs do not mean that the command became faster.
    var searchesChanges: Bool { !failedOnly }

    /// This filter, with the name of the workspace replaced by the first digits of its hash.
    package var withoutNames: ReportFilter {
        var filter = self
        if workspace != nil { filter.workspace = workspaceHash.map { $0.isEmpty ? "?" : KnownNames.short($0) } ?? "?" }
        return filter
    }

    /// The filter in the form that queries of the database need.
    var stored: UsageFilter {
        UsageFilter(command: command, workspaceHash: workspaceHash, failed: failedOnly)
    }

    /// The filter as a text, such as `only command make, workspace webshop, failures`; empty if the filter selects all
    /// events.
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

/// The error for a text that is a prefix of several workspace hashes.
package struct AmbiguousWorkspace: ReportedError {
    let text: String

    package var exitCode: ExitCode { .rejectedInput }

    package var description: String {
        "ambiguous workspace \(text.escapedForDisplay): several hashes begin with it; give more digits"
    }
}

/// The form in which reports show hashes of names to the owner of the data.
package enum KnownNames {
    /// Number of digits of a hash that a terminal shows.
    package static let shownDigits = 8

    /// Returns the first digits of a keyed hash. Any other text is returned unchanged.
    static func short(_ name: String) -> String { isHash(name) ? String(name.prefix(shownDigits)) : name }

    /// Returns whether a text has the form of a keyed hash.
    static func isHash(_ text: String) -> Bool { text.utf8.count == Limits.hashCharacters && isHexadecimal(text) }

    private static func isHexadecimal(_ text: String) -> Bool {
        text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    /// Returns whether a text may be a prefix of a hash. Such a text consists of 4 to `Limits.hashCharacters`
    /// hexadecimal digits in lower case.
    package static func isPrefix(_ text: String) -> Bool {
        (4...Limits.hashCharacters).contains(text.utf8.count) && isHexadecimal(text)
    }
}
