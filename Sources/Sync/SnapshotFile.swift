import Platform

/// A snapshot while it is written: compresses and writes on a thread of its own, so that whoever reads the rows goes on
/// meanwhile.
actor SnapshotFile {
    private let executor = ThreadExecutor()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let file: File
    private let encoder: LZ4FrameEncoder
    private var compressed: [UInt8] = []
    /// Bytes of content so far.
    private var size = 0

    /// Makes the file, which must not be there. Room for the header is left: it tells the length of the content.
    init(path: String) throws {
        file = try File(opening: path, [.readWrite, .create, .exclusive])
        encoder = try LZ4FrameEncoder()
        try file.write([UInt8](repeating: 0, count: LZ4Frame.headerBytes).span)
    }

    /// Adds a piece of the content.
    func add(_ content: [UInt8]) throws {
        size += content.count
        try encoder.compress(content.span, into: &compressed)
        try file.write(compressed.span.extracting(0..<encoder.produced))
        // So that little is left to wait for at the end.
        file.startWritingOut()
    }

    /// Ends the content; returns its length in bytes.
    func endContent() throws -> Int {
        try encoder.finish(into: &compressed)
        let header = size == 0 ? encoder.header : try LZ4Frame.header(contentSize: size)
        // The header of an empty frame is shorter, and its end follows at once.
        let end = size == 0 ? header.count : try file.status().size
        try file.truncate(to: end)
        try file.write(compressed.span.extracting(0..<encoder.produced), at: end)
        try file.write(header.span, at: 0)
        return size
    }

    /// Adds the manifest; returns once all is on disk.
    func end(with trailer: [UInt8], synchronize: Bool) throws {
        let end = try file.status().size
        try file.write(trailer.span, at: end)
        if synchronize { try file.synchronizeData() }
    }

    /// Writes the whole file to this process's output.
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
