package import Core
import Database
package import Intake
import SystemSupport

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

    /// Makes a filter from what the user gave, with the name of a workspace hashed as it was when it was recorded.
    /// - Throws: `HashKeyError` when the key cannot be read.
    package init(command: String?, workspace: String?, failedOnly: Bool, keyOf data: DataFolder) throws(HashKeyError) {
        self.init(command: command, workspace: workspace, failedOnly: failedOnly)
        guard let workspace else { return }
        let isHash =
            workspace.utf8.count == Limits.hashCharacters
            && workspace.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        // Without a key no name was ever hashed, and the empty text is no hash.
        workspaceHash = isHash ? workspace : try HashKey.existing(in: data)?.hash(ofName: workspace) ?? ""
    }

    package var isEmpty: Bool { self == ReportFilter() }

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
