private import Glibc

/// The socket and the pipe that a service manager has opened for this process: systemd's socket activation
/// (sd_listen_fds(3)).
///
/// The socket and the pipe keep data that clients wrote before this process started.
package struct PassedDescriptors: Sendable {
    /// A listening Unix socket; nil if no such socket was passed.
    package private(set) var socket: CInt?
    /// The path and the descriptor of a named pipe; nil if no pipe was passed. This value does not close the
    /// descriptor.
    package private(set) var pipe: (path: String, descriptor: CInt)?

    /// The maximum number of passed descriptors that are examined. Further descriptors are ignored.
    private static let most: CInt = 16

    /// Finds the passed descriptors with the variables `LISTEN_PID` and `LISTEN_FDS`. The variables apply only if
    /// `LISTEN_PID` is the id of this process. Programs that this process starts later do not inherit the descriptors.
    /// - Parameter first: the number of the first passed descriptor; sd_listen_fds(3) defines it as 3.
    package init(from first: CInt = 3, environment value: (String) -> String? = Environment.value) {
        guard value("LISTEN_PID").flatMap({ Int32($0) }) == getpid(),
            let count = value("LISTEN_FDS").flatMap({ CInt($0) }), count > 0
        else { return }
        for descriptor in first..<first + min(count, Self.most) {
            var status = stat()
            guard unsafe fstat(descriptor, &status) == 0 else { continue }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            switch status.st_mode & S_IFMT {
            case S_IFSOCK where socket == nil && Self.isListening(descriptor): socket = descriptor
            case S_IFIFO where pipe == nil:
                guard let path = SymbolicLink.target(of: "/proc/self/fd/\(descriptor)") else { continue }
                // The service manager opens the pipe as non-blocking, but the reader needs blocking reads.
                _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
                pipe = (path, descriptor)
            default: break
            }
        }
    }

    /// Returns whether a socket is a Unix socket that can accept connections.
    private static func isListening(_ descriptor: CInt) -> Bool {
        func option(_ name: CInt) -> CInt {
            var value: CInt = -1
            var length = socklen_t(MemoryLayout<CInt>.size)
            // The call writes only `value` and `length`.
            guard unsafe getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 else { return -1 }
            return value
        }
        return option(SO_ACCEPTCONN) == 1 && option(SO_DOMAIN) == AF_UNIX
    }
}
