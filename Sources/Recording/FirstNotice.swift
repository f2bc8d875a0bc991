package import Core
import SystemSupport

/// What the first recording command on a terminal says, once: what is kept, where, and how to switch it off.
package enum FirstNotice {
    /// Says it on standard error when that is a terminal and nobody was told before. The file `notice` remembers it.
    package static func showIfDue(_ data: DataFolder) {
        // Scripts are not told, and pay one call for that.
        guard File.standardError.isTerminal, !data.folder.has(markerName), (try? claim(data)) == true else { return }
        // Where even that cannot be written there is nobody to tell.
        try? File.standardError.write(text(data))
    }

    private static let markerName = "notice"

    /// True for one process only. Nothing is made while the settings switch recording off.
    private static func claim(_ data: DataFolder) throws(SystemError) -> Bool {
        let lock = try data.lock()
        defer { lock.unlock() }
        var policy = RecordingPolicyCache(data)
        guard policy.isOpen(), !data.folder.has(markerName) else { return false }
        _ = try File(opening: data.folder.path(of: markerName), [.write, .create, .exclusive])
        return true
    }

    /// The notice as it is printed.
    package static func text(_ data: DataFolder) -> String {
        """
        nexus keeps the first words of commands, when they run, how long they take and how they end; never flags or paths.
        It keeps them in \(data.folder.path.escapedForDisplay), on this machine only: nothing is sent unless you say so.
        'nexus telemetry off' stops it, 'nexus telemetry purge --all' removes everything; this is said only once.

        """
    }
}
