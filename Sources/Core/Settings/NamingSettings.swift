import SystemSupport

/// The user's additions to the rules that name commands and shell lines. They apply to every ingest path.
package struct NamingSettings: Equatable, Sendable {
    /// Names of commands that are not recorded. An entry matches every name that begins with its words: `git` matches
    /// all commands of git. For a line with several commands, the name of the first command decides.
    package var ignore: [String] = []
    /// Programs whose subcommand is kept in names, in addition to the built-in list.
    package var subcommands: [String] = []
    /// Names of interactive commands, in addition to the built-in list. The durations of such commands are not kept,
    /// because the user reads or types while the command runs.
    package var interactive: [String] = []
    /// Whether a line without a workspace gets its workspace from the git repository in which it runs.
    package var usesGitWorkspace = true

    package init() {}

    /// The built-in rules alone.
    package static let none = NamingSettings()

    /// Returns whether `name` begins with the words of an entry of `ignore`.
    package func ignores(_ name: Span<UInt8>) -> Bool {
        for entry in ignore where name.beginsWithWords(entry.utf8.span) { return true }
        return false
    }

    /// Returns whether the words of `entry` are the first words of `name`.
    package static func matches(_ name: String, _ entry: String) -> Bool {
        name.utf8.span.beginsWithWords(entry.utf8.span)
    }
}

/// Provides the naming rules of a data folder to a process that keeps running while the settings may change.
package struct NamingSettingsSource: Sendable {
    private let file: SettingsFile
    private var stamp: FileStamp?
    private var isFirst = true

    package init(_ data: DataFolder) {
        file = SettingsFile(data)
    }

    /// Returns the rules at the first call. A later call returns them only if the settings file has changed; otherwise
    /// it returns nil, at the cost of one system call. Also returns nil if the settings are unreadable, because then
    /// nothing is recorded.
    package mutating func next() -> NamingSettings? {
        let stamp = file.stamp
        guard isFirst || stamp != self.stamp else { return nil }
        guard let settings = try? file.load() else { return nil }
        // The stamp was read before the content. So the next call notices a change between the two reads.
        self.stamp = stamp
        isFirst = false
        return settings.naming
    }
}

extension Span<UInt8> {
    /// Whether the words of `prefix` are the first words of this text.
    fileprivate func beginsWithWords(_ prefix: Span<UInt8>) -> Bool {
        guard !prefix.isEmpty, count >= prefix.count, extracting(0..<prefix.count).equals(prefix) else { return false }
        return count == prefix.count || self[prefix.count] == UInt8(ascii: " ")
    }
}
