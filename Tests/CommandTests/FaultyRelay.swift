import Foundation
import Synchronization
import TestSupport

/// A connection to a server on loopback, with what happens to connections in between: the first one through it meets a
/// fault, those after it none.
final class FaultyRelay: Sendable {
    enum Fault {
        /// Cuts the connection once so many bytes have come from the client.
        case cut(after: Int)
        /// Passes on so many answers, and cuts the connection in place of the next one.
        case loseAnswer(Int)
        /// Passes on a little at a time.
        case slow
    }

    let port: Int
    private let first: Mutex<Fault?>

    init(to server: Int, first fault: Fault) throws {
        let listener = try LoopbackListener()
        port = listener.port
        first = Mutex(fault)
        let descriptor = dup(listener.descriptor)
        Thread { [weak self] in
            while true {
                let client = accept(descriptor, nil, nil)
                guard client >= 0, let self else { break }
                let fault = first.withLock { fault in
                    defer { fault = nil }
                    return fault
                }
                Thread { Self.relay(client, server, fault) }.start()
            }
            close(descriptor)
        }.start()
    }

    static func relay(_ client: Int32, _ port: Int, _ fault: Fault?) {
        defer { close(client) }
        guard let server = try? LoopbackListener.connect(to: port) else { return }
        defer { close(server) }
        var (sent, answers, isAnswering) = (0, 0, false)
        while true {
            var entries = [client, server].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard unsafe poll(&entries, 2, -1) > 0 else { return }
            for (source, target) in [(0, server), (1, client)] where entries[source].revents != 0 {
                var limit = 65_536
                if case .slow = fault { (limit, _) = (700, usleep(500)) }
                if case .cut(let end) = fault, source == 0 {
                    guard sent < end else { return }
                    limit = min(limit, end - sent)
                }
                var room = [UInt8](repeating: 0, count: limit)
                let count = unsafe recv(entries[source].fd, &room, limit, 0)
                guard count > 0 else { return }
                if source == 0 {
                    sent += count
                    if isAnswering { answers += 1 }
                    isAnswering = false
                } else {
                    isAnswering = true
                    if case .loseAnswer(let passed) = fault, answers == passed { return }
                }
                var rest = room[..<count]
                while !rest.isEmpty {
                    let written = unsafe rest.withUnsafeBytes {
                        unsafe Glibc.send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                    }
                    guard written > 0 else { return }
                    rest = rest.dropFirst(written)
                }
            }
        }
    }
}

extension LoopbackListener {
    /// A connection to a port on loopback.
    static func connect(to port: Int) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isConnected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe Glibc.connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else {
            close(descriptor)
            throw UnixClient.Failure(call: "connect", code: errno)
        }
        return descriptor
    }
}
