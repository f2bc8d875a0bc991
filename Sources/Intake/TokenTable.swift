import Platform

/// Kinds of tokens, found by the first byte of their prefix and told apart by its first eight.
///
/// It has few types of arrays and no arrays in arrays: to make their types when the program runs costs more than to fill
/// them, and a program that records one command makes this table for it.
struct TokenTable: Sendable {
    private let kinds: [PrivacyRules.TokenKind]
    /// For every byte the number of the first kind that begins with it.
    private var first = [UInt8](repeating: Self.none, count: 256)
    /// For every kind the number of the next one that begins with the same byte.
    private var next: [UInt8] = []
    /// For every kind the first eight bytes of its prefix, with zeros where that is shorter, and which of them count.
    private var beginnings: [UInt64] = []
    private var masks: [UInt64] = []

    private static let none = UInt8.max

    init(_ kinds: [PrivacyRules.TokenKind]) {
        precondition(kinds.count <= Int(Self.none))
        self.kinds = kinds
        for kind in kinds { add(kind.prefix) }
    }

    private mutating func add(_ prefix: String) {
        var beginning: UInt64 = 0
        var mask: UInt64 = 0
        var shift: UInt64 = 0
        for byte in prefix.utf8 where shift < 64 {
            beginning |= UInt64(byte) << shift
            mask |= 0xFF << shift
            shift += 8
        }
        let byte = Int(beginning & 0xFF)
        let number = UInt8(next.count)
        next.append(first[byte])
        first[byte] = number
        beginnings.append(beginning)
        masks.append(mask)
    }

    /// Whether `word`, of eight bytes or more, begins as one of the kinds does and is long enough to be one.
    func hasBeginning(of word: Span<UInt8>) -> Bool {
        let beginning = word.uint64(at: 0)
        var number = first[Int(word[0])]
        while number != Self.none {
            let index = Int(number)
            if beginning & masks[index] == beginnings[index], word.isToken(of: kinds[index]) { return true }
            number = next[index]
        }
        return false
    }
}

extension Span<UInt8> {
    fileprivate func isToken(of kind: PrivacyRules.TokenKind) -> Bool {
        let prefix = kind.prefix.utf8.span
        guard count >= Swift.max(kind.length, prefix.count) else { return false }
        for index in 0..<prefix.count where self[index] != prefix[index] { return false }
        return true
    }
}
