import Core
import Intake
package import SystemSupport

/// Resolves the default session for events that do not name one, of a recorder or of a client of the service.
///
/// It does not aggregate a session: the writer, which sees the events of every process, steps `SessionState`.
package actor SessionManager {
    private let resolve: @Sendable () -> String
    private var session: String?

    /// For a recorder: its session is the result of `sessionID`.
    package init(environment: @escaping @Sendable (String) -> String? = Environment.value) {
        resolve = { Self.sessionID(environment: environment) }
    }

    /// For the clients of a service, whose shells it does not know.
    package init(service: ProcessIdentity) {
        resolve = { "service-\(service.processID)" }
    }

    /// Returns the id of the session. The environment and the calling shell are looked up once.
    package func current() -> String {
        if let session { return session }
        let id = resolve()
        session = id
        return id
    }

    /// Returns the session of a recorder: `$NEXUS_SESSION` if it is set to a valid id, else the shell that the command was typed
    /// or scripted in.
    package static func sessionID(
        environment: (String) -> String? = Environment.value, shell: ProcessIdentity = .parent(),
        bootID: [UInt8]? = ProcessIdentity.bootID()
    ) -> String {
        if let named = environment("NEXUS_SESSION"), isValid(named) { return named }
        return ShellSession(shell: shell, bootID: bootID).id
    }

    /// Returns whether a text can be the id of a session.
    package static func isValid(_ id: String) -> Bool { EventIntake.isSession(id) }
}
