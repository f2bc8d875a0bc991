/// The version of every program of Nexus.
package enum Version {
    package static let current = "0.1.0"
}
