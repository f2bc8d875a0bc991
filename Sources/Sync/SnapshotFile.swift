import Platform

/// A snapshot while it is written, on a thread of its own, which leaves one processor to those who record.
actor SnapshotFile {
    private let executor = ThreadExecutor(leavingAProcessor: true)
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let file: File
    /// Blocks that came before their turn, by their number.
    private var early: [Int: [UInt8]] = [:]
    /// The number of the block that is to be written next.
    private var next = 0

    /// Makes the file, which must not be there. Room for the header is left: it tells the length of the content.
    init(path: String) throws {
        file = try File(opening: path, [.readWrite, .create, .exclusive])
        try file.write([UInt8](repeating: 0, count: LZ4Frame.headerBytes).span)
    }

    /// Adds the block, or blocks, with this number; numbers begin at 0 and may come in any order.
    func add(_ blocks: [UInt8], at number: Int) throws {
        early[number] = blocks
        while let blocks = early.removeValue(forKey: next) {
            next += 1
            try file.write(blocks.span)
            // So that little is left to wait for at the end.
            file.startWritingOut()
        }
    }

    /// Ends the content, of so many bytes and with this checksum.
    func endContent(_ size: Int, _ checksum: XXH32) throws {
        let header = try LZ4Frame.header(contentSize: size)
        // The header of an empty frame is shorter, and its end follows at once.
        let end = size == 0 ? header.count : try file.status().size
        try file.truncate(to: end)
        try file.write(LZ4Frame.end(checksum).span, at: end)
        try file.write(header.span, at: 0)
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

/// Compresses pieces of the content, on a thread of its own, which leaves one processor to those who record.
actor SnapshotCompressor {
    private let executor = ThreadExecutor(leavingAProcessor: true)
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let encoder: LZ4BlockEncoder

    init() throws {
        encoder = try LZ4BlockEncoder()
    }

    /// Compresses the piece with this number and hands it on.
    func compress(_ piece: [UInt8], _ number: Int, to file: SnapshotFile) async throws {
        let blocks = try encoder.blocks(of: piece.span)
        ThisProcess.letOthersIn()
        try await file.add(blocks, at: number)
    }
}
