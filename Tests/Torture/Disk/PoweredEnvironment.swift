import Foundation
import SystemSupport
import TestSupport

/// A data folder on an ext4 file system on a disk whose power can be cut.
final class PoweredEnvironment {
    private static let diskMegabytes = 128

    let systemState: SystemState
    private let disk: PowerDisk
    private let mounts: [Mount]
    private let disks: TestEnvironment

    init(_ programs: Programs, seed: UInt64) throws {
        disks = try TestEnvironment(programs)
        let path = disks.scratch.path
        try disks.output(of: ["/usr/bin/truncate", "-s", "\(Self.diskMegabytes)M", path + "/image"])
        // A journal that is all there from the start, and quick to make.
        try disks.output(of: [
            try Programs.find("mkfs.ext4"), "-q", "-F", "-J", "size=4", "-E", "lazy_itable_init=0", path + "/image",
        ])
        let content = try Data(contentsOf: URL(filePath: path + "/image"))
        disk = try PowerDisk(content: [UInt8](content), at: path + "/disk")
        let loop = try disks.output(of: [try Programs.find("losetup"), "--find", "--show", path + "/disk"])
            .trimmingCharacters(in: .newlines)
        mounts = [try Mount([loop], at: path + "/live", by: disks)]
        // It goes with the mount from here on, whatever becomes of this process.
        try disks.output(of: [try Programs.find("losetup"), "--detach", loop])
        systemState = try SystemState(TestEnvironment(programs, dataAt: path + "/live/data"), seed: seed)
    }

    deinit {
        systemState.killService()
        _ = try? disks.output(of: ["/usr/bin/umount", disks.scratch.path + "/live"])
        _ = try? disks.output(of: ["/usr/bin/umount", disks.scratch.path + "/disk"])
    }

    /// Cuts the power now, and lets `look` see what a computer that starts again finds. This one runs on.
    func cutPower<Value>(_ look: (Invariants) throws -> Value) throws -> Value {
        // A generator of its own: how much it has to choose among is the machine's, and what is drawn next the seed's.
        var random = SeededGenerator(seed: UInt64(systemState.pick(0...Int(Int32.max))))
        let content = disk.cutPower(using: &random)
        let testEnvironment = try TestEnvironment(
            systemState.testEnvironment.programs, dataAt: disks.scratch.path + "/found/data")
        try Data(content).write(to: URL(filePath: disks.scratch.path + "/cut"))
        let found = try Mount(
            ["-o", "loop", disks.scratch.path + "/cut"], at: disks.scratch.path + "/found", by: disks)
        return try withExtendedLifetime(found) { try look(Invariants(testEnvironment: testEnvironment)) }
    }
}
