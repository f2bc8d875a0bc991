import Foundation
import Glibc
import TestSupport

/// A disk in memory with a simulated power cut. After the cut, each write since the last flush exists completely, in
/// part or not at all, as on a disk with a write cache.
///
/// It is a FUSE file system with one file, the root. A loop device makes a block device of this file. The caller puts
/// an ext4 file system on the block device. The kernel sends each write and each flush of ext4 to this class. The
/// protocol is version 7.31 of `linux/fuse.h`; only the requests for one open file are answered.
///
/// `@unchecked Sendable`: all mutable properties are protected by `lock`.
final class PowerDisk: @unchecked Sendable {
    private struct Write {
        let offset: Int
        let bytes: [UInt8]
    }

    /// The size of a sector. A disk writes a sector completely or not at all. Current disks have sectors of 4 KiB, and
    /// ext4 relies on this for its first block.
    static let sectorBytes = 4096
    private static let largestWrite = 128 * 1024

    private let descriptor: CInt
    private let lock = NSLock()
    /// The content that a read returns.
    private var visible: [UInt8]
    /// The content at the last flush, which survives a power cut.
    private var stable: [UInt8]
    /// Writes since the last flush, in order.
    private var cached: [Write] = []

    /// Mounts a disk with this content over the file at `path`.
    init(content: [UInt8], at path: String) throws {
        try Programs.requireRoot()
        visible = content
        stable = content
        descriptor = unsafe open("/dev/fuse", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw Missing("/dev/fuse cannot be opened") }
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let options = "fd=\(descriptor),rootmode=100000,user_id=0,group_id=0"
        guard unsafe mount("nexus-torture", path, "fuse", UInt(MS_NOSUID | MS_NODEV), options) == 0
        else { throw Missing("FUSE cannot be mounted: \(unsafe String(cString: strerror(errno)))") }
        Thread { self.serve() }.start()
    }

    /// Returns a content that the disk may have if the power fails now.
    func cutPower(using random: inout SeededGenerator) -> [UInt8] {
        let (stable, cached) = lock.withLock { (self.stable, self.cached) }
        var content = stable
        for write in cached {
            switch Int.random(in: 0...2, using: &random) {
            case 0: Self.apply(write.bytes[...], at: write.offset, to: &content)
            case 1: break
            default:
                for start in stride(from: 0, to: write.bytes.count, by: Self.sectorBytes)
                where Bool.random(using: &random) {
                    let sector = write.bytes[start..<min(start + Self.sectorBytes, write.bytes.count)]
                    Self.apply(sector, at: write.offset + start, to: &content)
                }
            }
        }
        return content
    }

    private static func apply(_ bytes: ArraySlice<UInt8>, at offset: Int, to content: inout [UInt8]) {
        content.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }

    // MARK: The protocol

    /// The numbers of the kernel's requests in `linux/fuse.h`.
    private enum Request {
        static let getAttributes: UInt32 = 3, setAttributes: UInt32 = 4, open: UInt32 = 14, read: UInt32 = 15
        static let write: UInt32 = 16, release: UInt32 = 18, synchronize: UInt32 = 20, flush: UInt32 = 25
        static let initialize: UInt32 = 26, forget: UInt32 = 2, interrupt: UInt32 = 36, forgetMany: UInt32 = 42
        static let headerLength = 40
        /// The length of the fields between the header and the data of a write: handle, offset, size and flags.
        static let transferLength = 40
    }

    /// Answers until the file system is unmounted.
    private func serve() {
        var testEnvironment = [UInt8](repeating: 0, count: Self.largestWrite + 4096)
        while true {
            let count = unsafe read(descriptor, &testEnvironment, testEnvironment.count)
            if count < 0 && (errno == EINTR || errno == ENOENT) { continue }
            guard count >= Request.headerLength else { break }
            answer(testEnvironment[..<count])
        }
        close(descriptor)
    }

    private func answer(_ request: ArraySlice<UInt8>) {
        let unique = number(request, at: 8, as: UInt64.self)
        switch number(request, at: 4, as: UInt32.self) {
        case Request.forget, Request.forgetMany, Request.interrupt: return
        case Request.initialize: reply(to: unique, initialization)
        case Request.getAttributes, Request.setAttributes: reply(to: unique, attributes)
        case Request.open: reply(to: unique, [UInt8](repeating: 0, count: 16))
        case Request.release, Request.flush: reply(to: unique, [])
        case Request.read:
            let offset = Int(number(request, at: Request.headerLength + 8, as: UInt64.self))
            let size = Int(number(request, at: Request.headerLength + 16, as: UInt32.self))
            reply(to: unique, lock.withLock { Array(visible[min(offset, visible.count)...].prefix(size)) })
        case Request.write:
            let offset = Int(number(request, at: Request.headerLength + 8, as: UInt64.self))
            let bytes = Array(request.dropFirst(Request.headerLength + Request.transferLength))
            lock.withLock {
                Self.apply(bytes[...], at: offset, to: &visible)
                cached.append(Write(offset: offset, bytes: bytes))
            }
            reply(to: unique, bytesOf(UInt32(bytes.count)) + bytesOf(UInt32(0)))
        case Request.synchronize:
            lock.withLock {
                for write in cached { Self.apply(write.bytes[...], at: write.offset, to: &stable) }
                cached.removeAll(keepingCapacity: true)
            }
            reply(to: unique, [])
        default: reply(to: unique, [], error: ENOSYS)
        }
    }

    private func reply(to unique: UInt64, _ body: [UInt8], error: CInt = 0) {
        let bytes = bytesOf(UInt32(16 + body.count)) + bytesOf(-error) + bytesOf(unique) + body
        _ = unsafe Glibc.write(descriptor, bytes, bytes.count)
    }

    /// The reply to `initialize`: version, read-ahead, no flags, limits of background requests, and the longest write.
    /// All other fields are zero.
    private var initialization: [UInt8] {
        var body = bytesOf(UInt32(7)) + bytesOf(UInt32(31)) + bytesOf(UInt32(0)) + bytesOf(UInt32(0))
        body += bytesOf(UInt16(16)) + bytesOf(UInt16(12)) + bytesOf(UInt32(Self.largestWrite)) + bytesOf(UInt32(1))
        return body + [UInt8](repeating: 0, count: 64 - body.count)
    }

    /// The attributes of a regular file of the disk's length. The kernel may cache them for an hour.
    private var attributes: [UInt8] {
        var body = bytesOf(UInt64(3600)) + bytesOf(UInt64(0))
        body += bytesOf(UInt64(1)) + bytesOf(UInt64(visible.count)) + bytesOf(UInt64(visible.count / 512))
        body += [UInt8](repeating: 0, count: 36)
        body += bytesOf(UInt32(S_IFREG | 0o600)) + bytesOf(UInt32(1))
        body += [UInt8](repeating: 0, count: 12) + bytesOf(UInt32(4096)) + bytesOf(UInt32(0))
        return body
    }

    private func number<Number: FixedWidthInteger>(
        _ bytes: ArraySlice<UInt8>, at offset: Int, as type: Number.Type
    ) -> Number {
        bytes.dropFirst(offset).prefix(MemoryLayout<Number>.size).reversed().reduce(0) { $0 << 8 | Number($1) }
    }

    private func bytesOf<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<MemoryLayout<Number>.size).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}
