import Foundation
import Synchronization
import TestSupport

/// A socket that listens on loopback; closed with the value.
struct LoopbackListener: ~Copyable {
    let descriptor: Int32
    let port: Int

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = self.descriptor
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, size) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, address, &size) == 0
            }
        }
        guard isBound else { throw UnixClient.Failure(call: "bind", code: errno) }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }
}

/// An HTTP server that does to each request what the test's script says, one connection after another.
final class ScriptedServer: Sendable {
    /// What is done with a request.
    enum Step: Sendable {
        /// Reads the request to its end and answers with a status and more header lines.
        case answer(Int, headers: [String] = [], body: String = "")
        /// Reads so many bytes of the body and cuts the connection.
        case cut(after: Int)
        /// Reads the whole request and cuts the connection without an answer.
        case silence
        /// Reads so many bytes of the body, tells the test, and does nothing more until the far side is gone.
        case stall(after: Int)
        /// Reads the body slowly, in small pieces, and answers with 200.
        case slow
        /// Reads the whole request, sends `head`, and then `piece` again and again until the client is gone.
        case drip(head: String, piece: String)
        /// Reads the whole request, keeps its body as a store would, and cuts the connection: the answer gets lost.
        case keep
        /// Answers with what was kept last, followed by more.
        case kept(more: String = "")
        /// Answers with the request itself.
        case echo
        /// Answers the question whether it is ClickHouse as ClickHouse does.
        case isClickHouse
    }

    private struct State {
        var steps: [Step]
        var requests: [String] = []
        var stalled = 0
        var kept: [UInt8] = []
    }

    private let state: Mutex<State>
    let port: Int

    /// After the last step every request is answered as `otherwise` says.
    init(_ steps: [Step], otherwise: Step = .answer(200)) throws {
        let listener = try LoopbackListener()
        port = listener.port
        state = Mutex(State(steps: steps))
        let descriptor = dup(listener.descriptor)
        let thread = Thread { [weak self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0, let self else { break }
                self.serve(connection, otherwise)
                close(connection)
            }
            close(descriptor)
        }
        thread.start()
    }

    /// First line and header of each request so far.
    var requests: [String] { state.withLock { $0.requests } }
    /// How many requests were stalled so far.
    var stalled: Int { state.withLock { $0.stalled } }

    private func serve(_ connection: Int32, _ otherwise: Step) {
        var bytes: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        while bytes.firstRange(of: end) == nil { guard receive(connection, &bytes) else { return } }
        guard let headerEnd = bytes.firstRange(of: end)?.upperBound else { return }
        let header = String(decoding: bytes[..<headerEnd], as: UTF8.self)
        var body = bytes.count - headerEnd
        var content = Array(bytes[headerEnd...])
        let length =
            header.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.split(separator: ":")[1].trimmingCharacters(in: .whitespaces)) } ?? 0
        let step = state.withLock { state in
            state.requests.append(header)
            return state.steps.isEmpty ? otherwise : state.steps.removeFirst()
        }
        func read(upTo count: Int) {
            while body < min(count, length) {
                var more: [UInt8] = []
                guard receive(connection, &more) else { return }
                body += more.count
                content += more
            }
        }
        switch step {
        case .answer(let status, let headers, let text):
            read(upTo: length)
            let length =
                headers.contains { $0.hasPrefix("Content-Length") } ? [] : ["Content-Length: \(text.utf8.count)"]
            let lines = ["HTTP/1.1 \(status) X", "Connection: close"] + length + headers
            send(connection, lines.joined(separator: "\r\n") + "\r\n\r\n" + text)
        case .keep:
            read(upTo: length)
            state.withLock { $0.kept = content }
        case .kept(let more):
            let kept = state.withLock { $0.kept } + Array(more.utf8)
            send(connection, "HTTP/1.1 200 OK\r\nContent-Length: \(kept.count)\r\nConnection: close\r\n\r\n")
            send(connection, kept)
        case .echo:
            let text = header.removingPercentEncoding ?? header
            send(
                connection, "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\nConnection: close\r\n\r\n" + text)
        case .isClickHouse:
            let text = Self.answerOfClickHouse(to: header)
            send(
                connection, "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\nConnection: close\r\n\r\n" + text)
        case .drip(let head, let piece):
            read(upTo: length)
            var isConnected = send(connection, Array(head.utf8))
            while isConnected {
                usleep(20_000)
                isConnected = send(connection, Array(piece.utf8))
            }
        case .cut(let count): read(upTo: count)
        case .silence: read(upTo: length)
        case .stall(let count):
            read(upTo: count)
            state.withLock { $0.stalled += 1 }
            var rest: [UInt8] = []
            while receive(connection, &rest) { rest.removeAll() }
        case .slow:
            while body < length {
                var more: [UInt8] = []
                guard receive(connection, &more, limit: max(length / 50, 1)) else { return }
                body += more.count
                usleep(2000)
            }
            send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
    }

    /// What ClickHouse answers to the question in the request line; nothing to any other.
    private static func answerOfClickHouse(to header: String) -> String {
        let line = header.prefix { !$0.isNewline }.split(separator: " ").dropFirst().first ?? ""
        let question = String(line).removingPercentEncoding ?? ""
        let numbers = question.split { !$0.isNumber }.compactMap { UInt64($0) }
        guard question.contains("SELECT intDiv(toUInt64("), numbers.count >= 3 else { return "" }
        // 64 of toUInt64, the number, the divisor.
        return "\(numbers[1] / numbers[2])\t\(String("\(numbers[1])".reversed()))\tUInt16\n"
    }

    private func receive(_ connection: Int32, _ bytes: inout [UInt8], limit: Int = 65_536) -> Bool {
        var room = [UInt8](repeating: 0, count: limit)
        let count = unsafe recv(connection, &room, limit, 0)
        guard count > 0 else { return false }
        bytes += room[..<count]
        return true
    }

    private func send(_ connection: Int32, _ text: String) { send(connection, Array(text.utf8)) }

    /// Returns whether the client took the bytes.
    @discardableResult
    private func send(_ connection: Int32, _ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }
}
