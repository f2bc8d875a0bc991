import Platform
import Store

/// The content of a snapshot, wherever one looks, without a copy of it: its blocks are unpacked as they are needed.
///
/// What the frame says is believed as far as it leads to no byte outside, and to no memory but that of a few blocks; whether
/// the content is what it should be says `SnapshotInput.unpack`. Behind the header the frame has
/// (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md), little-endian:
///
///     4 bytes    bytes of the block; the highest bit is set on one that is not packed
///     n bytes    the block
///     4 bytes    its checksum, where the header says that there are any
///     …
///     4 bytes    0
final class SnapshotBlocks: RandomAccessBytes {
    /// Blocks that are kept: rows mostly stand one behind the other, and what leads to them elsewhere.
    private static let keptBlocks = 3

    let count: Int
    private let path: String
    private let file: File
    private let blockBytes: Int
    /// Where each block begins in the file, and how many bytes it has there.
    private var blocks: [(start: Int, bytes: Int, isPacked: Bool)] = []
    /// The blocks that were used last, the last one in front.
    private var kept: [(index: Int, content: [UInt8])] = []
    private var packed: [UInt8] = []

    init(
        _ file: consuming File, _ header: LZ4FrameDecoder.Header, frameBytes: Int, contentBytes: Int, path: String
    ) throws {
        guard header.isIndependent else {
            throw SnapshotError.damaged(path: path, what: "it is not packed as Nexus packs it")
        }
        count = contentBytes
        blockBytes = header.blockBytes
        self.path = path
        let expected = (contentBytes + header.blockBytes - 1) / header.blockBytes
        var offset = header.length
        var size: [UInt8] = []
        while blocks.count < expected {
            size.removeAll(keepingCapacity: true)
            guard offset + 4 <= frameBytes, try file.read(appendingTo: &size, at: offset, limit: 4) == 4 else { break }
            let number = size.span.uint32(at: 0)
            let bytes = Int(number & 0x7FFF_FFFF)
            offset += 4
            guard bytes > 0, bytes <= header.blockBytes, offset + bytes <= frameBytes else { break }
            blocks.append((offset, bytes, number == UInt32(bytes)))
            offset += bytes + (header.hasBlockChecksums ? 4 : 0)
        }
        guard blocks.count == expected else {
            throw SnapshotError.damaged(path: path, what: "it is cut, or not packed as Nexus packs it")
        }
        self.file = file
    }

    func read(_ range: Range<Int>, into bytes: inout [UInt8]) throws {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        bytes.removeAll(keepingCapacity: true)
        var place = range.lowerBound
        while place < range.upperBound {
            let index = place / blockBytes
            try unpack(index)
            let start = index * blockBytes
            let content = kept[0].content
            let end = min(range.upperBound, start + content.count)
            bytes.append(content.span.extracting(place - start..<end - start))
            place = end
        }
    }

    /// Brings the block to the front of those that are kept.
    private func unpack(_ index: Int) throws {
        if kept.first?.index == index { return }
        if let place = kept.firstIndex(where: { $0.index == index }) {
            kept.insert(kept.remove(at: place), at: 0)
            return
        }
        // Its memory goes on being used.
        var content = kept.count == Self.keptBlocks ? kept.removeLast().content : []
        let length = min(blockBytes, count - index * blockBytes)
        if content.count != length { content = [UInt8](repeating: 0, count: length) }
        let block = blocks[index]
        packed.removeAll(keepingCapacity: true)
        while packed.count < block.bytes {
            let rest = block.bytes - packed.count
            if try file.read(appendingTo: &packed, at: block.start + packed.count, limit: rest) == 0 { break }
        }
        let packed = packed
        let isWhole: Bool
        if block.isPacked {
            isWhole = packed.count == block.bytes && LZ4FrameDecoder.unpackBlock(packed.span, into: &content)
        } else {
            isWhole = packed.count == length
            if isWhole { content = packed }
        }
        guard isWhole else { throw SnapshotError.damaged(path: path, what: "a block of it cannot be unpacked") }
        kept.insert((index, content), at: 0)
    }
}
