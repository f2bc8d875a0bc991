import Core
import Database
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
