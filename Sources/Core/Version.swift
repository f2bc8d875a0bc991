import SystemSupport

/// The version of every program of Nexus.
package enum Version {
    /// The number of the release.
    package static let current = "0.1.0"

    /// The version as `--version` prints it: followed by the build's commit in brackets, if the commit is known.
    package static var withCommit: String { current + (BuildCommit.text.map { " (\($0))" } ?? "") }
}
