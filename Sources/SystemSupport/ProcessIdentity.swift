private import Glibc

/// A process, identified by its id and its start time, because the system reuses process ids.
package struct ProcessIdentity: Sendable, Equatable {
    package let processID: Int32
    /// Its start time, in clock ticks since the computer started.
    package let startTime: UInt64

    /// Returns the process that started this process. For a command from a prompt or a script, this is the shell.
    package static func parent() -> ProcessIdentity {
        ProcessIdentity(processID: getppid())
    }

    /// Identifies the process that has this id now. If no such process exists, the start time is 0.
    package init(processID: Int32) {
        self.processID = processID
        startTime = Self.startTime(of: processID)
    }

    /// This process.
    package static func current() -> ProcessIdentity {
        ProcessIdentity(processID: getpid())
    }

    /// Restores an identity from an id and a start time that were stored earlier.
    package init(processID: Int32, startTime: UInt64) {
        self.processID = processID
        self.startTime = startTime
    }

    /// Returns sixteen bytes that change whenever the computer starts; nil if the system does not provide them.
    package static func bootID() -> [UInt8]? { currentBootID }

    /// The value of `bootID()`. It is read once, because it cannot change while this process runs.
    private static let currentBootID: [UInt8]? = {
        guard let text = readSmall("/proc/sys/kernel/random/boot_id") else { return nil }
        var digits: [UInt8] = []
        for byte in text {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digits.append(byte - UInt8(ascii: "a") + 10)
            default: break
            }
        }
        guard digits.count == 32 else { return nil }
        return stride(from: 0, to: 32, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }()

    /// Returns the start time from field 22 of `/proc/PID/stat` (proc(5)). The name in field 2 may contain spaces and
    /// brackets, so the fields are counted from the last bracket of that field.
    private static func startTime(of processID: Int32) -> UInt64 {
        guard let text = readSmall("/proc/\(processID)/stat"),
            let bracket = text.lastIndex(of: UInt8(ascii: ")"))
        else { return 0 }
        var field = 2
        var time: UInt64 = 0
        for byte in text[(bracket + 1)...] where field <= 22 {
            if byte == UInt8(ascii: " ") {
                field += 1
            } else if field == 22 {
                time = time &* 10 &+ UInt64(byte &- UInt8(ascii: "0"))
            }
        }
        return time
    }

    private static func readSmall(_ path: String) -> [UInt8]? {
        guard let file = try? File(opening: path, .read) else { return nil }
        var bytes: [UInt8] = []
        guard (try? file.read(appendingTo: &bytes, limit: 4096)) != nil else { return nil }
        return bytes
    }
}

/// The process at the other end of a Unix socket: the value of the option `SO_PEERCRED`, laid out as the kernel's
/// `struct ucred` (unix(7)).
package struct PeerCredentials: BitwiseCopyable, Sendable {
    /// The number of the socket option.
    package static let option = SO_PEERCRED

    package let processID: Int32
    package let userID: UInt32
    package let groupID: UInt32

    /// Whether the process at the other end runs as the same user as this process.
    package var isThisUser: Bool { userID == geteuid() }
}
