import Core
import SystemSupport

/// The user name and password for a server or a proxy. They come from the environment or from a file. Nexus writes them
/// only into the headers of requests, never into the ledger or a message. No command-line argument contains them,
/// because the list of processes would show them.
package struct Credentials: Equatable, Sendable {
    let user: String
    let password: String

    init(user: String, password: String) throws(SyncError) {
        // A value with line breaks would add more headers.
        for text in [user, password] {
            guard text.utf8.count <= Limits.credentialBytes,
                text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
            else {
                throw .badCredentials(
                    "user name and password must have at most \(Limits.credentialBytes) bytes and no control characters"
                )
            }
        }
        guard !user.contains(":") else { throw .badCredentials("a user name must not contain ':'") }
        self.user = user
        self.password = password
    }

    /// Returns the credentials of `file`. Without a file, returns `$NEXUS_SYNC_USER` and `$NEXUS_SYNC_PASSWORD`; nil
    /// if both variables are empty.
    package static func load(
        file: String?, environment: (String) -> String? = Environment.value
    ) throws -> Credentials? {
        if let file { return try read(file) }
        let user = environment("NEXUS_SYNC_USER") ?? ""
        let password = environment("NEXUS_SYNC_PASSWORD") ?? ""
        if user.isEmpty, password.isEmpty { return nil }
        guard !user.isEmpty else {
            throw SyncError.badCredentials("NEXUS_SYNC_PASSWORD is set, but NEXUS_SYNC_USER is not")
        }
        return try Credentials(user: user, password: password)
    }

    /// Reads a file of two lines, the user name and the password. No other user may be able to read it.
    private static func read(_ path: String) throws -> Credentials {
        let file = try File(opening: path, [.read, .regular])
        let status = try file.status()
        guard status.isRegular, File.isOwn(status), !status.isOpenToOthers else {
            throw SyncError.badCredentials(
                "\(path.escapedForDisplay) must be a file that only you may read; run 'chmod 600' on it")
        }
        var bytes: [UInt8] = []
        let limit = 2 * Limits.credentialBytes + 4
        while try file.read(appendingTo: &bytes, limit: limit) > 0, bytes.count < limit {}
        let lines = bytes.text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        guard lines.count == 2 || (lines.count == 3 && lines[2].isEmpty), !lines[0].isEmpty else {
            throw SyncError.badCredentials(
                "\(path.escapedForDisplay) must have two lines: the user name and the password")
        }
        return try Credentials(user: lines[0], password: lines[1])
    }
}
