import Foundation
import TestSupport

/// A mounted file system of the room's own, gone with the value.
final class Mount {
    let path: String
    private let room: Room

    /// Mounts with the arguments of mount(8); the place comes last.
    init(_ arguments: [String], at path: String, by room: Room) throws {
        try Programs.requireRoot()
        self.path = path
        self.room = room
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try room.output(of: [try Programs.find("mount")] + arguments + [path])
    }

    deinit {
        // Lazily, so that a program that a failure left behind does not keep it.
        _ = try? room.output(of: ["/usr/bin/umount", "--lazy", path])
    }
}
