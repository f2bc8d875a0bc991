import CLZ4
import SystemSupport

/// A failed call of liblz4, with the library's own message.
struct LZ4Error: Error, Equatable {
    let message: String

    /// Converts a result of the frame API to an error; nil when the result means success.
    init?(_ code: Int) {
        guard LZ4F_isError(code) != 0 else { return nil }
        message = unsafe String(cString: LZ4F_getErrorName(code))
    }
}

/// Writes one frame: independent blocks of up to 1 MiB, and a checksum over the content.
///
/// The header contains the length of the content. The length is known only at the end, so `header` makes the header
/// then. `context` belongs to the library; `init` creates it and `deinit` frees it. The library uses each buffer only
/// during the call that passes the buffer.
@safe final class LZ4FrameEncoder {
    /// Bytes of content in a block. Blocks of 4 MiB, the default of `lz4`, would shorten the file by less than 0.1 %.
    static let blockBytes = 1024 * 1024
    /// Bytes of the header of a frame whose content is not empty.
    static let headerBytes = 15

    private let context: OpaquePointer?
    private var preferences: LZ4F_preferences_t
    /// The header of a frame with these preferences.
    private let begin: [UInt8]

    convenience init() throws(LZ4Error) { try self.init(contentSize: 0) }

    private init(contentSize: Int) throws(LZ4Error) {
        var context: OpaquePointer?
        if let error = LZ4Error(unsafe LZ4F_createCompressionContext(&context, UInt32(LZ4F_VERSION))) { throw error }
        unsafe self.context = context
        preferences = LZ4F_preferences_t()
        preferences.frameInfo.blockSizeID = LZ4F_max1MB
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled
        preferences.frameInfo.contentSize = UInt64(contentSize)
        preferences.compressionLevel = 1
        preferences.autoFlush = 1
        var header = [UInt8](repeating: 0, count: Int(LZ4F_HEADER_SIZE_MAX))
        let count = unsafe LZ4F_compressBegin(context, &header, header.count, &preferences)
        begin = Array(header.prefix(LZ4Error(count) == nil ? count : 0))
        if let error = LZ4Error(count) { throw error }
    }

    deinit { unsafe _ = LZ4F_freeCompressionContext(context) }

    /// Returns the header of a frame with `contentSize` bytes of content: `headerBytes` long, or shorter if
    /// `contentSize` is 0.
    static func header(contentSize: Int) throws(LZ4Error) -> [UInt8] {
        try LZ4FrameEncoder(contentSize: contentSize).begin
    }

    /// Returns the blocks of the next bytes of the content: a block for every MiB, and a block for the rest.
    func blocks(of chunk: Span<UInt8>) throws(LZ4Error) -> [UInt8] {
        let bound = unsafe LZ4F_compressBound(chunk.count, &preferences)
        return try unsafe output(bound) { target in
            unsafe chunk.withUnsafeBytes { source in
                unsafe LZ4F_compressUpdate(
                    context, target.baseAddress, target.count, source.baseAddress, source.count, nil)
            }
        }
    }

    /// Returns the bytes after the last block: a block of length zero, and the checksum over the content.
    func end() throws(LZ4Error) -> [UInt8] {
        let bound = unsafe LZ4F_compressBound(0, &preferences)
        return try unsafe output(bound) { target in
            unsafe LZ4F_compressEnd(context, target.baseAddress, target.count, nil)
        }
    }

    private func output(
        _ bound: Int, _ produce: (UnsafeMutableBufferPointer<UInt8>) -> Int
    ) throws(LZ4Error) -> [UInt8] {
        var produced = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: bound) { target, filled in
            produced = unsafe produce(target)
            filled = LZ4Error(produced) == nil ? produced : 0
        }
        if let error = LZ4Error(produced) { throw error }
        return bytes
    }
}

extension [UInt8] {
    /// Returns a frame with these bytes as its content.
    package func lz4Frame() throws -> [UInt8] {
        let encoder = try LZ4FrameEncoder()
        let header = try LZ4FrameEncoder.header(contentSize: count)
        return try header + (isEmpty ? [] : encoder.blocks(of: span)) + encoder.end()
    }
}

/// Reads one frame. The decoder's memory is limited by the largest possible block, 4 MiB, even if the frame's header is
/// forged.
@safe final class LZ4FrameDecoder {
    private let context: OpaquePointer?

    init() throws(LZ4Error) {
        var context: OpaquePointer?
        if let error = LZ4Error(unsafe LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))) { throw error }
        unsafe self.context = context
    }

    deinit { unsafe _ = LZ4F_freeDecompressionContext(context) }

    /// The decoded header of a frame.
    struct Header {
        /// Length of the header, in bytes.
        let length: Int
        /// Length of the content; 0 if the header does not contain it.
        let contentSize: UInt64
    }

    /// Returns the header at the beginning of `bytes`, which must have at least 19 bytes.
    func header(_ bytes: Span<UInt8>) throws(LZ4Error) -> Header {
        var info = LZ4F_frameInfo_t()
        var count = bytes.count
        let result = unsafe bytes.withUnsafeBytes { source in
            unsafe LZ4F_getFrameInfo(context, &info, source.baseAddress!, &count)
        }
        if let error = LZ4Error(result) { throw error }
        return Header(length: count, contentSize: info.contentSize)
    }

    /// The result of one call of `decode`.
    struct Step {
        /// The number of input bytes that were processed.
        var consumed: Int
        /// The number of content bytes at the beginning of the output.
        var produced: Int
        /// Whether the frame is complete and its checksum matches.
        var isComplete: Bool
    }

    /// Decodes from `input` and overwrites the content of `output`.
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
