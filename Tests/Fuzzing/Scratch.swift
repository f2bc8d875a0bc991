import Foundation
import Glibc
import SystemSupport

/// Files for readers that want one: in memory where the system has a place for that.
enum Scratch {
    /// A new folder, which is left to the system to clean up.
    static func folder(_ name: String) -> String {
        let parent = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        let path = parent + "/nexus-fuzz-\(name)-\(getpid())"
        do { try Folder(path).prepare() } catch { fatalError("\(error)") }
        return path
    }

    static func write(_ bytes: [UInt8], to path: String) {
        do throws(SystemError) {
            try File(opening: path, [.write, .create, .truncate]).write(bytes.span)
        } catch {
            fatalError(error.description)
        }
    }
}
