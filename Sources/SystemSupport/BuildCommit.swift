private import CPlatform

/// The commit that this program was built of.
///
/// `Scripts/install` and `Scripts/package` write it into the finished program, so that a commit changes nothing that is
/// compiled and two builds of the same sources are the same bytes but for it.
package enum BuildCommit {
    /// The first digits of the commit's hash; nil in a program that was only built.
    package static var text: String? {
        // The text ends with a zero inside of its section, and lives as long as the process.
        let text = unsafe String(cString: nexus_commit())
        return text.isEmpty ? nil : text
    }
}
