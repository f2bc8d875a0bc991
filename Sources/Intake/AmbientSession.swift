import Core
package import SystemSupport

/// The session of events that name none: `$NEXUS_SESSION` where it is set, else the shell that the command was typed
/// or scripted in.
package enum AmbientSession {
    /// A valid session id. A `$NEXUS_SESSION` that is not a valid id is passed over.
    package static func id(
        environment: (String) -> String? = Environment.value,
        shell: ProcessIdentity = .parent(), bootID: [UInt8]? = ProcessIdentity.bootID()
    ) -> String {
        if let named = environment("NEXUS_SESSION"), EventIntake.isSession(named) { return named }
        return ShellSession(shell: shell, bootID: bootID).id
    }
}
