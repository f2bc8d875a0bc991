/// What an event may tell, under the names that the wire and the database use.
///
/// `@usableFromInline`, as otherwise no other module sees into its members, `@inlinable` or not.
@usableFromInline
package enum EventField: CaseIterable, Sendable {
    case timestamp, sessionID, eventType, workspace, workspaceHash, task, taskHash, command, durationMS, success
    case errorCategory, templateUsed, servicesCount, portsUsed

    /// The key in a line of NDJSON.
    package var key: String {
        switch self {
        case .timestamp: "timestamp"
        case .sessionID: "session_id"
        case .eventType: "event_type"
        case .workspace: "workspace"
        case .workspaceHash: "workspace_hash"
        case .task: "task"
        case .taskHash: "task_hash"
        case .command: "command"
        case .durationMS: "duration_ms"
        case .success: "success"
        case .errorCategory: "error_category"
        case .templateUsed: "template_used"
        case .servicesCount: "services_count"
        case .portsUsed: "ports_used"
        }
    }
}
