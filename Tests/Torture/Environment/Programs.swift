import Foundation

/// The paths of the real programs, and of programs of the system that the modes need.
struct Programs {
    let folder: String

    /// Finds the real programs in the folder of this program, because they are built together.
    init() {
        folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
    }

    var nexus: String { folder + "/nexus" }
    var recorder: String { folder + "/nexus-record" }
    /// A program that uses the Swift API.
    var probe: String { folder + "/TelemetryProbe" }

    /// Returns the path of a program of the system. Throws `Missing` if it is not installed.
    static func find(_ name: String) throws -> String {
        for folder in ["/usr/bin", "/usr/sbin", "/bin", "/sbin"] {
            let path = folder + "/" + name
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw Missing("\(name) is not installed")
    }

    static func requireRoot() throws {
        guard geteuid() == 0 else { throw Missing("only root can mount a file system") }
    }
}
