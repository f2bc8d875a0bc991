private import CPlatform
private import Glibc

// Every number that Nexus writes is little-endian, whatever the processor.

extension Span<UInt8> {
    /// The eight bytes at `offset` as a number. Traps unless the span contains all eight bytes.
    @inlinable @inline(__always)
    package func uint64(at offset: Int) -> UInt64 {
        // The load checks its bounds. Swift marks it as unsafe because some types have invalid bit patterns; `UInt64`
        // has no invalid bit pattern.
        UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The four bytes at `offset` as a number. Traps unless the span contains all four bytes.
    @inlinable @inline(__always)
    package func uint32(at offset: Int) -> UInt32 {
        UInt32(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// Returns the index of the first `byte` at or after `start`; nil when there is none.
    package func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        precondition(start >= 0 && start <= count)
        return unsafe withUnsafeBytes { buffer in
            guard start < buffer.count, let base = buffer.baseAddress else { return nil }
            // `memchr` reads the `count - start` bytes from `base + start` on, all inside the buffer.
            let found = unsafe memchr(base + start, CInt(byte), buffer.count - start)
            return unsafe found.map { unsafe UnsafeRawPointer($0) - base }
        }
    }

    /// The text of these UTF-8 bytes, with invalid UTF-8 replaced.
    package var text: String {
        unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// Returns whether both spans have the same bytes.
    @inlinable @inline(__always)
    package func equals(_ other: Span<UInt8>) -> Bool {
        let count = count
        guard count == other.count else { return false }
        guard count > 0 else { return true }
        return unsafe withUnsafeBytes { one in
            unsafe other.withUnsafeBytes { other in
                // Every load is inside the `count` bytes of both spans. The last comparison may overlap the comparison
                // before it, so no loop over single bytes is needed.
                @inline(__always)
                func areEqual<Number: BitwiseCopyable & Equatable>(_: Number.Type, at offset: Int) -> Bool {
                    unsafe one.loadUnaligned(fromByteOffset: offset, as: Number.self)
                        == other.loadUnaligned(fromByteOffset: offset, as: Number.self)
                }
                if count >= 8 {
                    var index = 0
                    while index < count &- 8 {
                        guard areEqual(UInt64.self, at: index) else { return false }
                        index &+= 8
                    }
                    return areEqual(UInt64.self, at: count &- 8)
                }
                if count >= 4 { return areEqual(UInt32.self, at: 0) && areEqual(UInt32.self, at: count &- 4) }
                return areEqual(UInt8.self, at: 0) && areEqual(UInt8.self, at: count / 2)
                    && areEqual(UInt8.self, at: count &- 1)
            }
        }
    }
}

extension MutableSpan<UInt8> {
    /// Writes `number` over the bytes at `offset`, little-endian. Traps if the number does not fit there.
    @inlinable @inline(__always)
    package mutating func store(littleEndian number: UInt64, at offset: Int) {
        let end = count
        precondition(offset >= 0 && offset <= end && end - offset >= 8)
        // The bounds were just checked, and an integer has no invalid bit pattern.
        unsafe withUnsafeMutableBytes { buffer in
            unsafe buffer.storeBytes(of: number.littleEndian, toByteOffset: offset, as: UInt64.self)
        }
    }
}

extension [UInt8] {
    /// Adds a copy of `bytes` at the end.
    @inlinable
    package mutating func append(_ bytes: Span<UInt8>) {
        // The closure passes the pointer to one copying call, and no other code sees it.
        unsafe bytes.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// Appends exactly `room` bytes: `number` in little-endian, then `bytes`, then at most eight zeros.
    @inlinable
    package mutating func append(_ number: UInt64, _ bytes: Span<UInt8>, upTo room: Int) {
        let end = 8 + bytes.count
        precondition(room >= 16 && end <= room && room - end <= 8)
        append(addingCapacity: room) { (target: inout OutputSpan<UInt8>) in
            unsafe target.withUnsafeMutableBufferPointer { buffer, count in
                unsafe bytes.withUnsafeBytes { source in
                    // All `room` bytes of the new space are written: `number` in the first eight bytes, zeros in the
                    // last eight, and then `bytes` after `number`. `bytes` fits, and may overwrite some of the zeros.
                    let target = unsafe UnsafeMutableRawBufferPointer(
                        UnsafeMutableBufferPointer(rebasing: buffer[count...]))
                    unsafe target.storeBytes(of: 0, toByteOffset: room - 8, as: UInt64.self)
                    unsafe target.storeBytes(of: number.littleEndian, toByteOffset: 0, as: UInt64.self)
                    if let base = target.baseAddress, let start = source.baseAddress {
                        unsafe (base + 8).copyMemory(from: start, byteCount: source.count)
                    }
                }
                count += room
            }
        }
    }

    /// Adds `number` at the end, little-endian.
    @inlinable
    package mutating func append<Number: FixedWidthInteger & BitwiseCopyable>(littleEndian number: Number) {
        unsafe Swift.withUnsafeBytes(of: number.littleEndian) { unsafe append(contentsOf: $0) }
    }

    /// Adds `number` in decimal digits.
    package mutating func append(decimal number: Int64) {
        var digits: [20 of UInt8] = .init(repeating: 0)
        var rest = number.magnitude
        var start = digits.count
        repeat {
            start &-= 1
            digits[start] = UInt8(truncatingIfNeeded: rest % 10) &+ UInt8(ascii: "0")
            rest /= 10
        } while rest > 0
        if number < 0 { append(UInt8(ascii: "-")) }
        append(digits.span.extracting(start..<digits.count))
    }

    /// Writes `number` over the bytes at `offset`, little-endian. Traps if the number does not fit there.
    @inlinable
    package mutating func store<Number: FixedWidthInteger & BitwiseCopyable>(
        littleEndian number: Number, at offset: Int
    ) {
        unsafe withUnsafeMutableBytes { buffer in
            precondition(offset >= 0 && offset + MemoryLayout<Number>.size <= buffer.count)
            // The bounds were just checked, and an integer has no invalid bit pattern.
            unsafe buffer.storeBytes(of: number.littleEndian, toByteOffset: offset, as: Number.self)
        }
    }

    /// Overwrites the bytes from `offset` on with `bytes`. Traps if the array has fewer bytes there.
    @inlinable @inline(__always)
    package mutating func store(_ bytes: Span<UInt8>, at offset: Int) {
        unsafe withUnsafeMutableBytes { buffer in
            precondition(offset >= 0 && offset <= buffer.count && bytes.count <= buffer.count - offset)
            unsafe bytes.withUnsafeBytes { source in
                guard let target = buffer.baseAddress, let start = source.baseAddress else { return }
                // The bounds were just checked. The span refers to other memory, so it does not overlap the array.
                unsafe copyShort(from: start, to: target + offset, count: source.count)
            }
        }
    }

    /// The text of these UTF-8 bytes, with invalid UTF-8 replaced.
    package var text: String { String(decoding: self, as: UTF8.self) }
}

/// Copies `count` bytes between buffers that do not overlap and have at least `count` bytes. Most texts are short. The
/// function copies 8 to 64 bytes with a few loads and stores. A call of the C library's copy function takes longer.
@inlinable @inline(__always)
package func copyShort(from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int) {
    guard count >= 8 && count <= 64 else { return unsafe target.copyMemory(from: source, byteCount: count) }
    // The last copy may overlap the copy before it, so that no loop over single bytes is needed.
    guard count >= 16 else {
        unsafe copy(UInt64.self, from: source, to: target, at: 0)
        return unsafe copy(UInt64.self, from: source, to: target, at: count &- 8)
    }
    var offset = 0
    while offset < count &- 16 {
        unsafe copy(SIMD16<UInt8>.self, from: source, to: target, at: offset)
        offset &+= 16
    }
    unsafe copy(SIMD16<UInt8>.self, from: source, to: target, at: count &- 16)
}

@inlinable @inline(__always)
func copy<Piece: BitwiseCopyable>(
    _: Piece.Type, from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, at offset: Int
) {
    unsafe target.storeBytes(
        of: source.loadUnaligned(fromByteOffset: offset, as: Piece.self), toByteOffset: offset, as: Piece.self)
}

/// CRC-32C (Castagnoli), the checksum of every record in the write-ahead buffer.
package enum CRC32C {
    /// Returns the checksum of `bytes` and the bytes before them. `checksum` is the checksum of the bytes before; pass
    /// 0 at the start.
    package static func checksum(_ bytes: Span<UInt8>, continuing checksum: UInt32 = 0) -> UInt32 {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            // The C function reads exactly `count` bytes of the buffer and does not keep the pointer.
            unsafe nexus_crc32c(checksum, buffer.baseAddress, buffer.count)
        }
    }
}

extension Int {
    /// Returns the sum, clamped to the range of `Int`. The numbers come from files that any program can write, so an
    /// overflow must not crash this process.
    package func saturatingSum(_ other: Int) -> Int {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? (other < 0 ? .min : .max) : sum
    }
}
