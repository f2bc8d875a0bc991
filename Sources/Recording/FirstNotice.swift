package import Core
import SystemSupport

/// The notice that the first recording command on a terminal prints, once. It names the stored data and their folder,
/// and explains how to disable recording.
package enum FirstNotice {
    /// Prints the notice if standard error is a terminal and the notice was not printed before. The file `notice`
    /// records that the notice was printed.
    package static func showIfDue(_ data: DataFolder) {
        // Scripts do not get the notice; the check costs them one system call.
        guard File.standardError.isTerminal, !data.folder.has(markerName), (try? claim(data)) == true else { return }
        // If writing to standard error fails, there is no way to report the failure.
        try? File.standardError.write(text(data))
    }

    private static let markerName = "notice"

    /// Creates the marker file, unless it exists or the settings disable recording. Returns true only in the process
    /// that creates the file.
    private static func claim(_ data: DataFolder) throws(SystemError) -> Bool {
        let lock = try data.lock()
        defer { lock.unlock() }
        var policy = RecordingPolicyCache(data)
        guard policy.isOpen(), !data.folder.has(markerName) else { return false }
        _ = try File(opening: data.folder.path(of: markerName), [.write, .create, .exclusive])
        return true
    }

    /// Returns the notice as it is printed.
    package static func text(_ data: DataFolder) -> String {
        """
        nexus keeps the first words of commands, when they run, how long they take and how they end; never flags or paths.
        It keeps them in \(data.folder.path.escapedForDisplay), on this machine only: nothing is sent unless you send it.
        'nexus telemetry off' stops recording, 'nexus telemetry purge --all' removes everything; this notice appears once.

        """
    }
}
