/// What an event may tell, under the names that the wire and the database use.
///
/// `@usableFromInline`, as otherwise no other module sees into its members, `@inlinable` or not.
@usableFromInline
package enum EventField: CaseIterable, Sendable {
    case timestamp, sessionID, eventType, workspace, workspaceHash, task, taskHash, command, durationMS, success
    case errorCategory, templateUsed, servicesCount, portsUsed

    /// The place in `allCases`. Spelled out so that it costs nothing: several look-ups an event go by it.
    @inlinable @inline(__always) package var index: Int {
        switch self {
        case .timestamp: 0
        case .sessionID: 1
        case .eventType: 2
        case .workspace: 3
        case .workspaceHash: 4
        case .task: 5
        case .taskHash: 6
        case .command: 7
        case .durationMS: 8
        case .success: 9
        case .errorCategory: 10
        case .templateUsed: 11
        case .servicesCount: 12
        case .portsUsed: 13
        }
    }

    /// Whether its value is a text; that of a timestamp may also be a number.
    @inlinable package var isText: Bool {
        switch self {
        case .durationMS, .success, .servicesCount, .portsUsed: false
        default: true
        }
    }

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
