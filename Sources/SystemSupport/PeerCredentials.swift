private import Glibc

/// Who is at the other end of a Unix socket: what the option `SO_PEERCRED` gives, laid out as the kernel's `struct ucred`
/// (unix(7)).
package struct PeerCredentials: BitwiseCopyable, Sendable {
    /// The number of the socket option.
    package static let option = SO_PEERCRED

    package let processID: Int32
    package let userID: UInt32
    package let groupID: UInt32

    /// Whether it runs as the same user as this process.
    package var isThisUser: Bool { userID == geteuid() }
}
