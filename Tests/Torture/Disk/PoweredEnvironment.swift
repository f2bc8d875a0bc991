import Foundation
import SystemSupport
import TestSupport

/// A data folder in an ext4 file system on a disk with a simulated power cut.
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
        // A small journal is created quickly. All inode tables are initialized now, not after the mount.
        try disks.output(of: [
            try Programs.find("mkfs.ext4"), "-q", "-F", "-J", "size=4", "-E", "lazy_itable_init=0", path + "/image",
        ])
        let content = try Data(contentsOf: URL(filePath: path + "/image"))
        disk = try PowerDisk(content: [UInt8](content), at: path + "/disk")
        let loop = try disks.output(of: [try Programs.find("losetup"), "--find", "--show", path + "/disk"])
            .trimmingCharacters(in: .newlines)
        mounts = [try Mount([loop], at: path + "/live", by: disks)]
        // Because the loop device is in use, the kernel removes it at the unmount, even if this process is killed.
        try disks.output(of: [try Programs.find("losetup"), "--detach", loop])
        systemState = try SystemState(TestEnvironment(programs, dataAt: path + "/live/data"), seed: seed)
    }

    deinit {
        systemState.killService()
        _ = try? disks.output(of: ["/usr/bin/umount", disks.scratch.path + "/live"])
        _ = try? disks.output(of: ["/usr/bin/umount", disks.scratch.path + "/disk"])
    }

    /// Calls `look` with the data folder that a computer would find after a power cut now. The programs continue on the
    /// original folder.
    func cutPower<Value>(_ look: (Invariants) throws -> Value) throws -> Value {
        // The number of random choices depends on timing. A separate generator makes them, so that the later choices of
        // `systemState` depend only on the seed.
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
