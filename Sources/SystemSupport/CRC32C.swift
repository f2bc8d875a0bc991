private import CPlatform

/// CRC-32C (Castagnoli), the checksum of every record in the write-ahead buffer.
package enum CRC32C {
    /// The checksum of `bytes`, continued from `checksum` (0 to start).
    package static func checksum(_ bytes: Span<UInt8>, continuing checksum: UInt32 = 0) -> UInt32 {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            // The C function reads exactly `count` bytes of the buffer and keeps nothing.
            unsafe nexus_crc32c(checksum, buffer.baseAddress, buffer.count)
        }
    }
}
