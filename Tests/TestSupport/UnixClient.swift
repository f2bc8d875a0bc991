import Foundation

/// The service's counts of the events of a connection so far.
package struct Acknowledgement: Decodable, Equatable {
    package var accepted = 0
    package var rejected = 0

    package init(accepted: Int = 0, rejected: Int = 0) {
        self.accepted = accepted
        self.rejected = rejected
    }
}

/// A blocking client of a Unix socket. No call waits longer than the client's timeout.
package final class UnixClient {
    /// The error for a failed system call. The code `EAGAIN` means that the service did nothing before the timeout.
    package struct Failure: Error, CustomStringConvertible {
        package let call: String
        package let code: Int32

        package init(call: String, code: Int32) {
            self.call = call
            self.code = code
        }

        package var description: String { "\(call): \(unsafe String(cString: strerror(code)))" }
        package var isTimeout: Bool { code == EAGAIN || code == EWOULDBLOCK }
    }

    private let descriptor: Int32
    private var received: [UInt8] = []

    package init(_ path: String, timeout seconds: Int = 20) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
            for (index, byte) in path.utf8.prefix(room.count - 1).enumerated() { unsafe room[index] = byte }
        }
        let descriptor = self.descriptor
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // All properties have a value now. If this throws, `deinit` therefore runs and closes the socket.
        guard result == 0 else { throw Failure(call: "connect", code: errno) }
    }

    deinit { close(descriptor) }

    /// Sends all of `text`.
    package func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    /// Sends all of `bytes`, in several system calls if necessary.
    package func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count { sent += try sendSome(bytes, from: sent, flags: 0) }
    }

    /// Sends as many of `bytes` as the socket accepts without blocking. Returns their number, which may be 0.
    package func sendWithoutWaiting(_ bytes: [UInt8]) throws -> Int {
        do {
            return try sendSome(bytes, from: 0, flags: Int32(MSG_DONTWAIT))
        } catch let error as Failure where error.isTimeout {
            return 0
        }
    }

    private func sendSome(_ bytes: [UInt8], from start: Int, flags: Int32) throws -> Int {
        while true {
            let count = unsafe bytes[start...].withUnsafeBytes { part in
                unsafe Glibc.send(descriptor, part.baseAddress, part.count, Int32(MSG_NOSIGNAL) | flags)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(call: "send", code: errno) }
            return count
        }
    }

    /// Closes the sending direction of the connection. Answers can still be received.
    package func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Returns the next line without its line break; nil if the service has closed the connection.
    package func receiveLine() throws -> String? {
        while true {
            if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                defer { received.removeSubrange(...end) }
                return String(decoding: received[..<end], as: UTF8.self)
            }
            var room = [UInt8](repeating: 0, count: 4096)
            let count = unsafe room.withUnsafeMutableBytes { room in
                unsafe recv(descriptor, room.baseAddress, room.count, 0)
            }
            // The end of another test's child process sends a signal, which may interrupt the call.
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(call: "recv", code: errno) }
            if count == 0 { return nil }
            received += room[..<count]
        }
    }

    /// Receives until the service has accepted or rejected `lines` lines in total, or has closed the connection.
    /// Returns the latest counts, and the error lines that were received.
    package func acknowledgement(of lines: Int) throws -> (counts: Acknowledgement, errors: [String]) {
        var counts = Acknowledgement()
        var errors: [String] = []
        while counts.accepted + counts.rejected < lines, let line = try receiveLine() {
            if let answer = try? JSONDecoder().decode(Acknowledgement.self, from: Data(line.utf8)) {
                counts = answer
            } else {
                errors.append(line)
            }
        }
        return (counts, errors)
    }

    /// Sends lines, and returns the counts after the service has accepted or rejected `total` lines of this connection.
    package func exchange(_ lines: [String], total: Int) throws -> Acknowledgement {
        try send(lines.map { $0 + "\n" }.joined())
        return try acknowledgement(of: total).counts
    }
}
