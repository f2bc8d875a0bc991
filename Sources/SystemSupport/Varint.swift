// Numbers of any size in as few bytes as they need: seven bits a byte, the lowest first, and the eighth bit set on every
// byte but the last (LEB128).

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
    /// The most bytes that a number takes.
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
