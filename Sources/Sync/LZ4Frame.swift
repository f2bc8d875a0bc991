import CLZ4
import Platform

/// A call of liblz4 that failed, in the library's own words.
struct LZ4Error: Error, Equatable {
    let message: String

    /// The error that a result of the frame API means; nil when it means none.
    init?(_ code: Int) {
        guard LZ4F_isError(code) != 0 else { return nil }
        message = unsafe String(cString: LZ4F_getErrorName(code))
    }
}

/// How frames are written: blocks of up to 1 MiB, each for itself, and a checksum over the content.
enum LZ4Frame {
    /// Bytes of content in a block: `lz4` takes 4 MiB, which makes the file shorter by less than a thousandth, and several
    /// of them are in memory at a time.
    static let blockBytes = 1024 * 1024
    /// Bytes of the header of a frame whose content is not empty.
    static let headerBytes = 15

    /// The header of a frame with `contentSize` bytes of content.
    static func header(contentSize: Int) throws(LZ4Error) -> [UInt8] {
        try LZ4BlockEncoder(preferences(contentSize: contentSize)).header
    }

    /// What follows the last block: a block of no length, and the checksum over the content.
    static func end(_ checksum: XXH32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: 0 as UInt32)
        bytes.append(littleEndian: checksum.value)
        return bytes
    }

    static func preferences(contentSize: Int) -> LZ4F_preferences_t {
        var preferences = LZ4F_preferences_t()
        preferences.frameInfo.blockSizeID = LZ4F_max1MB
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled
        preferences.frameInfo.contentSize = UInt64(contentSize)
        preferences.compressionLevel = 1
        return preferences
    }
}

/// Makes blocks of a frame. As each stands for itself, several of these work on one frame at once; who puts the blocks
/// together writes the header, once the length of the content is known, and the end.
///
/// `context` is the library's, made in `init` and freed in `deinit`; every buffer handed to the library is good for the
/// one call it is handed to.
@safe final class LZ4BlockEncoder {
    private let context: OpaquePointer?
    private var preferences: LZ4F_preferences_t
    /// The header that a frame with these preferences has.
    fileprivate let header: [UInt8]

    convenience init() throws(LZ4Error) {
        var preferences = LZ4Frame.preferences(contentSize: 0)
        // The whole frame has a checksum, which no encoder of a part of it can know.
        preferences.frameInfo.contentChecksumFlag = LZ4F_noContentChecksum
        preferences.autoFlush = 1
        try self.init(preferences)
    }

    fileprivate init(_ preferences: LZ4F_preferences_t) throws(LZ4Error) {
        var context: OpaquePointer?
        if let error = LZ4Error(unsafe LZ4F_createCompressionContext(&context, UInt32(LZ4F_VERSION))) { throw error }
        unsafe self.context = context
        self.preferences = preferences
        var header = [UInt8](repeating: 0, count: Int(LZ4F_HEADER_SIZE_MAX))
        let count = unsafe LZ4F_compressBegin(context, &header, header.count, &self.preferences)
        self.header = Array(header.prefix(LZ4Error(count) == nil ? count : 0))
        if let error = LZ4Error(count) { throw error }
    }

    deinit { unsafe _ = LZ4F_freeCompressionContext(context) }

    /// The blocks for `chunk`: one for every MiB of it, and one for the rest.
    func blocks(of chunk: Span<UInt8>) throws(LZ4Error) -> [UInt8] {
        let bound = unsafe LZ4F_compressBound(chunk.count, &preferences)
        var produced = 0
        let blocks = unsafe [UInt8](unsafeUninitializedCapacity: bound) { target, filled in
            produced = unsafe chunk.withUnsafeBytes { source in
                unsafe LZ4F_compressUpdate(
                    context, target.baseAddress, target.count, source.baseAddress, source.count, nil)
            }
            filled = LZ4Error(produced) == nil ? produced : 0
        }
        if let error = LZ4Error(produced) { throw error }
        return blocks
    }
}

/// Reads one frame. What it holds in memory is bounded by the largest block there is, 4 MiB, whatever the frame says.
@safe final class LZ4FrameDecoder {
    private let context: OpaquePointer?

    init() throws(LZ4Error) {
        var context: OpaquePointer?
        if let error = LZ4Error(unsafe LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))) { throw error }
        unsafe self.context = context
    }

    deinit { unsafe _ = LZ4F_freeDecompressionContext(context) }

    /// What the header of a frame says.
    struct Header {
        /// Bytes of the header.
        let length: Int
        /// Length of the content; 0: it does not say.
        let contentSize: UInt64
        /// Bytes of content in every block but the last.
        let blockBytes: Int
        /// Whether each block can be unpacked without the others.
        let isIndependent: Bool
        /// Whether a checksum follows each block.
        let hasBlockChecksums: Bool
    }

    /// The header at the beginning of `bytes` (19 or more).
    func header(_ bytes: Span<UInt8>) throws(LZ4Error) -> Header {
        var info = LZ4F_frameInfo_t()
        var count = bytes.count
        let result = unsafe bytes.withUnsafeBytes { source in
            unsafe LZ4F_getFrameInfo(context, &info, source.baseAddress!, &count)
        }
        if let error = LZ4Error(result) { throw error }
        // 4 to 7 stand for 64 KiB, 256 KiB, 1 MiB and 4 MiB; the library takes no others.
        return Header(
            length: count, contentSize: info.contentSize, blockBytes: 1 << (8 + 2 * Int(info.blockSizeID.rawValue)),
            isIndependent: info.blockMode == LZ4F_blockIndependent,
            hasBlockChecksums: info.blockChecksumFlag == LZ4F_blockChecksumEnabled)
    }

    /// Unpacks a block that stands for itself over what `content` holds, which it fills; false when it does not.
    static func unpackBlock(_ block: Span<UInt8>, into content: inout [UInt8]) -> Bool {
        let room = content.count
        let got = unsafe content.withUnsafeMutableBytes { target in
            unsafe block.withUnsafeBytes { source in
                // The call reads `source.count` bytes at most, and writes `target.count` at most.
                unsafe LZ4_decompress_safe(
                    source.baseAddress, target.baseAddress, CInt(clamping: source.count), CInt(clamping: target.count))
            }
        }
        return Int(got) == room
    }

    /// What one call did.
    struct Step {
        /// Bytes of the input that are done with.
        var consumed: Int
        /// Bytes at the beginning of the output that are content.
        var produced: Int
        /// The frame is complete and its checksum right.
        var isComplete: Bool
    }

    /// Decodes from `input` over what `output` holds.
    func decode(_ input: Span<UInt8>, into output: inout [UInt8]) throws(LZ4Error) -> Step {
        var consumed = input.count
        var produced = output.count
        let result = unsafe output.withUnsafeMutableBytes { target in
            unsafe input.withUnsafeBytes { source in
                unsafe LZ4F_decompress(context, target.baseAddress, &produced, source.baseAddress, &consumed, nil)
            }
        }
        if let error = LZ4Error(result) { throw error }
        return Step(consumed: consumed, produced: produced, isComplete: result == 0)
    }
}
