import SystemSupport

/// A snapshot that is being written. The actor compresses the content, or leaves it plain, and writes it on a separate
/// thread.
actor SnapshotFile {
    private let executor = ThreadExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let file: File
    /// Nil for a plain file, because a plain file contains only the content.
    private let encoder: LZ4FrameEncoder?
    /// The number of content bytes written so far, before compression.
    private var contentBytes = 0

    /// Creates a file at `path`, which must not exist yet. Space for the header is reserved, because the header
    /// contains the length of the content and is written last.
    init(path: String, isPlain: Bool) throws {
        encoder = isPlain ? nil : try LZ4FrameEncoder()
        file = try File(opening: path, [.readWrite, .create, .exclusive])
        if !isPlain { try file.write([UInt8](repeating: 0, count: LZ4FrameEncoder.headerBytes).span) }
    }

    /// Compresses and writes the next bytes of the content.
    func append(_ chunk: [UInt8]) throws {
        if let encoder {
            let blocks = try encoder.blocks(of: chunk.span)
            try file.write(blocks.span)
        } else {
            try file.write(chunk.span)
        }
        contentBytes += chunk.count
        // Reduces the data that the final fsync has to write.
        file.startWritingOut()
    }

    /// Ends the content and appends the manifest. A plain file gets no manifest. If `synchronize` is true, the method
    /// returns only when the whole file is on disk.
    func end(with trailer: [UInt8], synchronize: Bool) throws {
        if let encoder { try end(encoder, trailer) }
        if synchronize { try file.synchronizeData() }
    }

    private func end(_ encoder: LZ4FrameEncoder, _ trailer: [UInt8]) throws {
        let header = try LZ4FrameEncoder.header(contentSize: contentBytes)
        // The header of an empty frame is shorter than the reserved space, and the end mark follows the header
        // directly.
        let end = contentBytes == 0 ? header.count : try file.status().size
        let rest = try encoder.end() + trailer
        try file.truncate(to: end)
        try file.write(rest.span, at: end)
        try file.write(header.span, at: 0)
    }

    /// Writes the whole file to standard output.
    func copyToOutput() throws {
        let output = File.standardOutput
        var bytes: [UInt8] = []
        var offset = 0
        while try file.read(appendingTo: &bytes, at: offset, limit: 1024 * 1024) > 0 {
            try output.write(bytes.span)
            offset += bytes.count
            bytes.removeAll(keepingCapacity: true)
        }
    }
}
