import AsyncHTTPClient
import Core
import NIOCore
import NIOHTTP1
import Synchronization

/// A server that accepts files with PUT: WebDAV, or an object store.
///
/// A file's name identifies the rows in the file, so an existing file need not be replaced. The request has the header
/// `If-None-Match: *`, which asks the server to keep an existing file. A server that ignores the header replaces the
/// file with a file of the same rows. If a server rejects the header with status 501, the file is sent again without
/// the header. Before that, a check makes sure that no other file has the name.
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

    /// Returns whether the server already has the file of one of the attempts, for example after a lost response. Only
    /// the bytes prove this: some servers use a hash of the file as its ETag, and other servers use an arbitrary text.
    /// Throws if another file has the name.
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
