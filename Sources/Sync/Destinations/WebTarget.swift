import AsyncHTTPClient
import Core
import NIOCore
import NIOHTTP1
import Synchronization

/// A server that accepts files with PUT: WebDAV, or an object store.
///
/// A file's name identifies its content, so the content of a name never changes. The header `If-None-Match: *` asks the
/// server not to write an existing file again. A server that ignores the header writes the same bytes again. A server
/// that rejects the header with 501 receives the file without it, after a check that no other file has the name.
final class WebTarget: Target {
    private let connection: WebConnection
    /// Whether the server rejected a conditional request.
    private let rejectsConditions = Mutex(false)

    init(
        _ client: HTTPClient, _ destination: Destination, _ address: Destination.WebAddress, credentials: Credentials?,
        options: WebOptions
    ) {
        connection = WebConnection(
            client, destination, address, headers: WebConnection.authorization(credentials), options: options)
    }

    func prepare() async throws {}

    func deliver(_ batch: TransferBatch, earlier: [Transfer]) async throws {
        guard case .file(let file, let name) = batch.content else { preconditionFailure("a server takes files") }
        let path = "/" + name
        let attempts = earlier + [batch.transfer]
        if !rejectsConditions.withLock({ $0 }) {
            let answer = try await put(file, path, isConditional: true)
            if answer.status == 412 {
                guard try await isThere(path, attempts) else {
                    // The file was removed after the request; the next attempt writes it.
                    throw RetryPolicy.Failure.passing(.busy(connection.place, reason: "HTTP 412"))
                }
                return
            }
            guard answer.status == 501 else { return }
            rejectsConditions.withLock { $0 = true }
        }
        if try await isThere(path, attempts) { return }
        _ = try await put(file, path, isConditional: false)
    }

    private func put(_ file: EncodedFile, _ path: String, isConditional: Bool) async throws -> WebConnection.Answer {
        var headers: HTTPHeaders = ["Content-Type": "application/x-lz4"]
        if isConditional { headers.add(name: "If-None-Match", value: "*") }
        return try await connection.send(
            .PUT, path, headers: headers, body: .stream(FilePieces(file), length: .known(Int64(file.bytes))),
            bytes: file.bytes, expected: isConditional ? [412, 501] : [])
    }

    /// Returns whether one of the attempts arrived, after a lost response. Only the bytes prove the arrival, because a
    /// file's ETag is a hash of the file on some servers and an arbitrary text on others. Throws if another file has
    /// the name.
    private func isThere(_ path: String, _ attempts: [Transfer]) async throws -> Bool {
        let found = try await connection.checksum(of: path, limit: attempts.map(\.bytes).max() ?? 0)
        if found == .nothing { return false }
        guard attempts.contains(where: { .file($0.sha256) == found }) else {
            throw RetryPolicy.Failure.lasting(.occupied(connection.place + path))
        }
        return true
    }
}

/// A file as the body of a request, read at the network's pace.
private struct FilePieces: AsyncSequence, Sendable {
    private let file: EncodedFile

    init(_ file: EncodedFile) {
        self.file = file
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        let file: EncodedFile
        var offset = 0

        mutating func next() async throws -> ByteBuffer? {
            let bytes = try await file.read(at: offset, limit: Limits.inputChunkBytes)
            offset += bytes.count
            return bytes.isEmpty ? nil : ByteBuffer(bytes: bytes)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(file: file) }
}
