private import Glibc

/// A failed system call: the operation, the path and the reason.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The operation, as a verb: "open", "write".
    package let operation: String
    /// The path of the operation; empty when there is none.
    package let path: String
    /// The system's code, `ENOSPC` for example.
    package let code: CInt

    package init(_ operation: String, _ path: String, code: CInt) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// Describes the system call that has just failed. The code is taken from `errno`.
    init(_ operation: String, _ path: String) {
        self.init(operation, path, code: errno)
    }

    /// The code of `notAFile`. No system call fails with this code.
    private static let irregular: CInt = -1

    /// A folder, a pipe or another special file is at `path`, where a regular file is expected.
    package static func notAFile(_ path: String) -> SystemError { SystemError("use", path, code: irregular) }

    /// The file at `path` belongs to another user and is not used.
    package static func ofAnotherUser(_ path: String) -> SystemError {
        SystemError("use another user's file", path, code: EPERM)
    }

    /// The file at `path` is longer than it may be.
    package static func tooLarge(_ path: String) -> SystemError { SystemError("read", path, code: EFBIG) }

    /// Whether the entry at the path is not a regular file.
    package var isNotAFile: Bool { code == Self.irregular }

    /// Whether the operation wrote to a pipe or socket that its reader has closed.
    package var isClosedPipe: Bool { code == EPIPE }

    /// Whether this process, or the whole system, has too many files open.
    package var isOutOfFiles: Bool { code == EMFILE || code == ENFILE }

    /// The entry at `path` is a link, and links are not followed.
    package static func link(_ path: String) -> SystemError { SystemError("open", path, code: ELOOP) }

    /// The code of the error when a socket is opened as a file.
    package static let noSuchDevice: CInt = ENXIO

    /// Whether the path does not exist.
    package var isNotFound: Bool { code == ENOENT }

    /// Whether a parent in the path is not a folder.
    package var isInNoFolder: Bool { code == ENOTDIR }

    /// Whether the disk is full, or the user's quota is used up.
    package var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }

    /// Whether the operation is not permitted: this user lacks the permission, the file system is read-only, or the
    /// path is a link.
    package var isPermission: Bool { code == EACCES || code == EPERM || code == EROFS || code == ELOOP }

    /// Whether this user lacks write or search permission on the path, or its file system is read-only.
    package var isUnwritable: Bool { code == EACCES || code == EROFS }

    /// Whether the file exists and is not executable.
    package var isNotExecutable: Bool { code == EACCES || code == ENOEXEC || code == EISDIR }

    /// The system's message for the code.
    package var reason: String {
        if isNotAFile { return "it is not a regular file; move it away and run again" }
        // `strerror` returns a permanent string or a buffer of this thread. The text is copied before the next call.
        return unsafe String(cString: strerror(code)).lowercased()
    }

    package var description: String {
        path.isEmpty ? "cannot \(operation): \(reason)" : "cannot \(operation) \(path.escapedForDisplay): \(reason)"
    }
}

/// Repeats a system call as long as a signal interrupts it. Only `StopSignals` handles `EINTR` itself, because a
/// repeated call would wait for the full time again.
func retryingInterrupts(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}

/// The exit code of a failed command, as sysexits.h defines it.
package enum ExitCode: Int32, Sendable {
    case usage = 64
    case rejectedInput = 65
    case unavailable = 69
    case inputOutput = 74
    case tryAgain = 75
    case notPermitted = 77
    case settings = 78

    /// The code for a system call that failed.
    package init(_ error: SystemError) {
        self = error.isPermission ? .notPermitted : .inputOutput
    }
}

/// An error that ends a command with a message and an exit code.
package protocol ReportedError: Error, CustomStringConvertible {
    /// The exit code that the command returns.
    var exitCode: ExitCode { get }
}

extension SystemError: ReportedError {
    package var exitCode: ExitCode { ExitCode(self) }
}
