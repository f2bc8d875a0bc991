import SystemSupport

/// The version of every program of Nexus.
package enum Version {
    /// The number of the release.
    package static let current = "0.1.0"

    /// The version with the commit of the build in brackets, where it is known, as `--version` prints it.
    package static var withCommit: String { current + (BuildCommit.text.map { " (\($0))" } ?? "") }
}
