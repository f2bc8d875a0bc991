import AsyncHTTPClient
import EventModel
import Foundation
import NIOCore
import NIOHTTP1

/// A server that takes files with PUT: WebDAV, or an object store.
///
/// A file's name says what is in it, so it never changes: `If-None-Match: *` asks the server not to write it again. A
/// server that does not know this writes the same once more.
struct WebTarget: Target {
    private let connection: WebConnection

    init(_ client: HTTPClient, _ destination: Destination, _ address: Destination.WebAddress, credentials: Credentials?)
    {
        var headers = HTTPHeaders()
        if let credentials {
            let token = Data("\(credentials.user):\(credentials.password)".utf8).base64EncodedString()
            headers.add(name: "Authorization", value: "Basic \(token)")
        }
        connection = WebConnection(client, destination, address, headers: headers)
    }

    func prepare() async throws {}

    func deliver(_ parcel: Parcel, earlier: [Transfer]) async throws {
        guard case .file(let file, let name) = parcel.content else { preconditionFailure("a server takes files") }
        let answer = try await connection.send(
            .PUT, "/" + name, headers: ["If-None-Match": "*", "Content-Type": "application/x-lz4"],
            body: .stream(FilePieces(file), length: .known(Int64(file.bytes))), expected: [412])
        guard answer.status == 412 else { return }
        // It is there: an answer got lost, or something else has the name. Only its bytes tell, as what servers say of
        // a file, an ETag for one, is a hash of it on some and anything on others.
        let attempts = earlier + [parcel.transfer]
        let found = try await connection.checksum(of: "/" + name, limit: attempts.map(\.bytes).max() ?? 0)
        guard attempts.contains(where: { $0.sha256 == found }) else {
            throw RetryPolicy.Failure.lasting(.occupied("\(connection.place)/\(name)"))
        }
    }
}

/// A file as the body of a request, read as the network takes it.
private struct FilePieces: AsyncSequence, Sendable {
    private let file: PackedFile

    init(_ file: PackedFile) {
        self.file = file
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        let file: PackedFile
        var offset = 0

        mutating func next() async throws -> ByteBuffer? {
            let bytes = try await file.read(at: offset, limit: Limits.inputChunkBytes)
            offset += bytes.count
            return bytes.isEmpty ? nil : ByteBuffer(bytes: bytes)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(file: file) }
}
