import Glibc

/// A SplitMix64 generator. Its state is one word, so every session can have its own independent generator.
///
/// The standard library's generators cannot be seeded, but a fixture must have the same bytes on every machine.
struct RandomNumbers {
    private var state: UInt64

    /// Creates a generator. Different pairs of `seed` and `stream` give unrelated numbers. All generators of a run have
    /// the same `seed`; each session and each pair of sessions has its own `stream`.
    init(seed: UInt64, stream: UInt64) {
        state = Self.scrambled(Self.scrambled(seed &+ Self.step) ^ stream &* Self.step)
    }

    /// Sixty-four random bits.
    mutating func next() -> UInt64 {
        state &+= Self.step
        return Self.scrambled(state)
    }

    /// A whole number from 0 up to, but not including, `bound`.
    mutating func below(_ bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A number from 0 up to, but not including, 1.
    mutating func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// True with the given probability.
    mutating func chance(_ probability: Double) -> Bool {
        unit() < probability
    }

    /// Two independent draws from the standard normal distribution, by the method of Box and Muller.
    mutating func normalPair() -> (Double, Double) {
        let radius = (-2 * log(1 - unit())).squareRoot()
        let angle = 2 * Double.pi * unit()
        return (radius * cos(angle), radius * sin(angle))
    }

    /// Spreads every bit of a word over all bits of the result. Different words give different results.
    static func scrambled(_ word: UInt64) -> UInt64 {
        var mixed = word
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15
}

/// A random choice from a fixed list. Each entry is drawn in proportion to its weight.
struct WeightedChoice {
    /// The sum of all weights.
    let total: Int
    private let upperEdges: [Int]

    /// Creates a choice with one entry for each weight. A weight is at least 1.
    init(weights: [Int]) {
        var edges: [Int] = []
        var sum = 0
        for weight in weights {
            sum += weight
            edges.append(sum)
        }
        upperEdges = edges
        total = sum
    }

    /// Creates a choice with weights similar to Zipf's law. The weight at index r is proportional to
    /// 1 / (r + `flattening`).
    init(zipfRanks count: Int, flattening: Int) {
        self.init(weights: (0..<count).map { 1_000_000 / ($0 + flattening) })
    }

    /// Returns the index of the entry that covers a position from 0 up to, but not including, `total`.
    func index(at position: Int) -> Int {
        var low = 0
        var high = upperEdges.count - 1
        while low < high {
            let middle = (low + high) / 2
            if position < upperEdges[middle] {
                high = middle
            } else {
                low = middle + 1
            }
        }
        return low
    }

    /// Draws the index of a random entry.
    func draw(_ random: inout RandomNumbers) -> Int {
        index(at: random.below(total))
    }
}
