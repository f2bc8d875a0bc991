import Core
import Intake
import SystemSupport

/// Knows which session events belong to that name none.
///
/// It looks the calling shell up once. What a session's events add up to is not kept here but stepped through by the
/// writer (`SessionState`), which sees the events of every process.
package actor SessionManager {
    private let environment: @Sendable (String) -> String?
    private var ambient: String?

    package init(environment: @escaping @Sendable (String) -> String? = Environment.value) {
        self.environment = environment
    }

    /// The id of the session at hand.
    package func current() -> String {
        if let ambient { return ambient }
        let id = AmbientSession.id(environment: environment)
        ambient = id
        return id
    }
}
