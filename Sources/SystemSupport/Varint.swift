// A varint stores a number of up to 64 bits in as few bytes as the number needs (LEB128). Each byte has seven bits of
// the number, the lowest bits first. The eighth bit is set in every byte except the last.

extension Span<UInt8> {
    /// Returns the number that begins at `position`, and moves `position` to the byte after it. Nil if the bytes end
    /// inside the number, or if the number does not fit 64 bits.
    @inlinable
    package func varint(at position: inout Int) -> UInt64? {
        guard position < count else { return nil }
        let first = self[position]
        position &+= 1
        if first < 0x80 { return UInt64(first) }
        var value = UInt64(first & 0x7F)
        var shift: UInt64 = 7
        while position < count {
            let byte = self[position]
            position &+= 1
            // The tenth byte holds the 64th bit and nothing else.
            guard shift < 63 || byte <= 1 else { return nil }
            value |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 { return value }
            shift &+= 7
        }
        return nil
    }
}

extension [UInt8] {
    /// Adds `number` at the end, in 1 to 10 bytes.
    @inlinable
    package mutating func append(varint number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest &>>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}

extension OutputSpan<UInt8> {
    /// The maximum number of bytes that a number takes.
    @inlinable package static var longestVarint: Int { 10 }

    /// Appends `number`, in 1 to 10 bytes. Traps when there is no space.
    @inlinable
    package mutating func append(varint number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest &>>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}
