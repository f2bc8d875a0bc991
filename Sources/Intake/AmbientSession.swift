import EventModel
package import Platform

/// The session of events that name none: `$NEXUS_SESSION` where it is set, else the shell that the command was typed
/// or scripted in.
package enum AmbientSession {
    /// A valid session id.
    ///
    /// A shell's is made of the first four bytes of the boot id, the process number and the start time, so that no two
    /// shells ever share one. A `$NEXUS_SESSION` that is not a valid id is passed over.
    package static func id(
        environment: (String) -> String? = Environment.value,
        shell: ProcessIdentity = .parent(), bootID: [UInt8]? = ProcessIdentity.bootID()
    ) -> String {
        if let named = environment("NEXUS_SESSION"), EventIntake.isSession(named) { return named }
        let boot = (bootID ?? [0, 0, 0, 0]).prefix(4).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
        return "shell-\(boot.joined())-\(shell.processID)-\(shell.startTime)"
    }
}
