/// Sorts whole numbers without comparing them: by up to twelve bits at a time, the lowest first.
enum RadixSort {
    /// Bits of a pass: with more of them its counters no longer fit into the processor's nearest cache.
    private static let mostBits = 12

    /// Sorts `numbers` by their lowest bits, as many as numbers below `limit` have; what stands above those comes along, and
    /// where they are equal the order stays.
    static func sort<Number: FixedWidthInteger>(_ numbers: inout [Number], below limit: Number) {
        guard limit > 1 else { return }
        let width = Number.bitWidth - (limit - 1).leadingZeroBitCount
        let passes = (width + mostBits - 1) / mostBits
        let bits = (width + passes - 1) / passes
        var target = [Number](repeating: 0, count: numbers.count)
        for pass in 0..<passes {
            var span = target.mutableSpan
            sort(numbers.span, into: &span, by: min(bits, width - pass * bits), above: pass * bits)
            swap(&numbers, &target)
        }
    }

    /// One pass: by so many bits above the lowest `shift`.
    private static func sort<Number: FixedWidthInteger>(
        _ numbers: Span<Number>, into target: inout MutableSpan<Number>, by bits: Int, above shift: Int
    ) {
        let (shift, mask): (Number, Number) = (Number(shift), 1 << Number(bits) - 1)
        var counters = [UInt32](repeating: 0, count: 1 << bits)
        var starts = counters.mutableSpan
        for index in numbers.indices { starts[Int(truncatingIfNeeded: numbers[index] &>> shift & mask)] &+= 1 }
        var sum: UInt32 = 0
        for digit in starts.indices {
            let count = starts[digit]
            starts[digit] = sum
            sum &+= count
        }
        for index in numbers.indices {
            let number = numbers[index]
            let digit = Int(truncatingIfNeeded: number &>> shift & mask)
            target[Int(starts[digit])] = number
            starts[digit] &+= 1
        }
    }
}
