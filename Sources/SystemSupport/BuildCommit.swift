private import CPlatform

/// The commit that this program was built from.
///
/// `Scripts/install` and `Scripts/package` write the commit into the finished program. A new commit therefore changes
/// no compiled code: two builds of the same sources differ only in these bytes.
package enum BuildCommit {
    /// The first digits of the commit's hash; nil if no script has written a commit into this program.
    package static var text: String? {
        // The text ends with a zero byte inside its section, and lives as long as the process.
        let text = unsafe String(cString: nexus_commit())
        return text.isEmpty ? nil : text
    }
}
