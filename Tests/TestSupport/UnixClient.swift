import Foundation

/// What the service says of a connection so far.
package struct Acknowledgement: Decodable, Equatable {
    package var accepted = 0
    package var rejected = 0

    package init(accepted: Int = 0, rejected: Int = 0) {
        self.accepted = accepted
        self.rejected = rejected
    }
}

/// A blocking client of a Unix socket; no call waits longer than the timeout it was made with.
package final class UnixClient {
    /// A call that failed. `EAGAIN` is the timeout: the far side did nothing.
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
        // The value is whole by now, so that throwing runs `deinit`, which closes.
        guard result == 0 else { throw Failure(call: "connect", code: errno) }
    }

    deinit { close(descriptor) }

    /// Sends all of `text`.
    package func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    /// Sends all of `bytes`, in as many calls as it takes.
    package func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count { sent += try sendSome(bytes, from: sent, flags: 0) }
    }

    /// Sends as much of `bytes` as there is room for now; how much that was, 0 when there is none.
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

    /// Says that nothing more will be sent; what comes can still be received.
    package func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// The next line without its break; nil when the far side has closed.
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
            // A signal that some other test's child sent on its end is no answer.
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(call: "recv", code: errno) }
            if count == 0 { return nil }
            received += room[..<count]
        }
    }

    /// Receives until `lines` lines are answered for, or the far side has closed: the counts, and the lines that told
    /// of errors before them.
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

    /// Sends lines and receives what the service says once it has answered for `total` lines of this connection.
    package func exchange(_ lines: [String], total: Int) throws -> Acknowledgement {
        try send(lines.map { $0 + "\n" }.joined())
        return try acknowledgement(of: total).counts
    }
}
