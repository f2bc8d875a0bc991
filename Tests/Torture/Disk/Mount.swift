import Foundation
import TestSupport

/// A mounted file system. It is unmounted when the value is released.
final class Mount {
    let path: String
    private let testEnvironment: TestEnvironment

    /// Mounts a file system at `path`. `arguments` are the arguments of mount(8) before the path.
    init(_ arguments: [String], at path: String, by testEnvironment: TestEnvironment) throws {
        try Programs.requireRoot()
        self.path = path
        self.testEnvironment = testEnvironment
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try testEnvironment.output(of: [try Programs.find("mount")] + arguments + [path])
    }

    deinit {
        // A lazy unmount succeeds even if a program still uses the file system after a failure.
        _ = try? testEnvironment.output(of: ["/usr/bin/umount", "--lazy", path])
    }
}
