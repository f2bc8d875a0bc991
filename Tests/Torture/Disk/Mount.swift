import Foundation
import TestSupport

/// A mounted file system of the testEnvironment's own, gone with the value.
final class Mount {
    let path: String
    private let testEnvironment: TestEnvironment

    /// Mounts with the arguments of mount(8); the place comes last.
    init(_ arguments: [String], at path: String, by testEnvironment: TestEnvironment) throws {
        try Programs.requireRoot()
        self.path = path
        self.testEnvironment = testEnvironment
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try testEnvironment.output(of: [try Programs.find("mount")] + arguments + [path])
    }

    deinit {
        // Lazily, so that a program that a failure left behind does not keep it.
        _ = try? testEnvironment.output(of: ["/usr/bin/umount", "--lazy", path])
    }
}
