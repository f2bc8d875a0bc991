import Foundation

/// Where the real programs stand, and those of the system that torture needs.
struct Programs {
    let folder: String

    /// Those beside this program, which were built with it.
    init() {
        folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
    }

    var nexus: String { folder + "/nexus" }
    var recorder: String { folder + "/nexus-record" }
    /// A program that uses the Swift API.
    var probe: String { folder + "/TelemetryProbe" }

    /// The path of a program of the system; throws when it is not installed.
    static func find(_ name: String) throws -> String {
        for folder in ["/usr/bin", "/usr/sbin", "/bin", "/sbin"] {
            let path = folder + "/" + name
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw Missing("\(name) is not installed")
    }

    static func requireRoot() throws {
        guard geteuid() == 0 else { throw Missing("it takes root to mount a file system") }
    }
}
