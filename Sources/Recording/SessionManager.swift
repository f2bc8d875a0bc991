import Core
import Intake
package import SystemSupport

/// Resolves the default session, to which events without a session id belong. Recorders and the service use this type.
///
/// This type does not count the events of a session. The writer updates `SessionState`, because only the writer sees
/// the events of all processes.
package actor SessionManager {
    private let resolve: @Sendable () -> String
    private var session: String?

    /// Creates the manager of a recorder. The session is the result of `sessionID`.
    package init(environment: @escaping @Sendable (String) -> String? = Environment.value) {
        resolve = { Self.sessionID(environment: environment) }
    }

    /// Creates the manager for the clients of a service. The service does not know the shells of its clients, so
    /// all clients share one session.
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

    /// Returns the session of a recorder: `$NEXUS_SESSION` if it is set to a valid id, else the session of the calling
    /// shell.
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
