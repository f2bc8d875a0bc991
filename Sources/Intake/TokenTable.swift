/// Kinds of tokens, found by the first byte of their prefix.
///
/// It has few types of arrays and few arrays: to make the type of an array when the program runs costs more than to fill
/// the array, and a program that records one command makes this table once for it.
struct TokenTable: Sendable {
    private let kinds: [PrivacyRules.TokenKind]
    /// For every byte the number of the first kind that begins with it.
    private var first = [UInt8](repeating: Self.none, count: 256)
    /// For every kind the number of the next one that begins with the same byte.
    private var next: [UInt8]

    private static let none = UInt8.max

    init(_ kinds: [PrivacyRules.TokenKind]) {
        precondition(kinds.count < Int(Self.none))
        self.kinds = kinds
        next = [UInt8](repeating: Self.none, count: kinds.count)
        for number in kinds.indices {
            guard let byte = kinds[number].prefix.utf8.first else { continue }
            next[number] = first[Int(byte)]
            first[Int(byte)] = UInt8(number)
        }
    }

    /// Whether `word`, which is not empty, begins as one of the kinds does and is long enough to be one.
    func hasBeginning(of word: Span<UInt8>) -> Bool {
        var number = first[Int(word[0])]
        while number != Self.none {
            let kind = kinds[Int(number)]
            if word.count >= kind.length, word.begins(with: kind.prefix.utf8.span) { return true }
            number = next[Int(number)]
        }
        return false
    }
}

extension Span<UInt8> {
    fileprivate func begins(with prefix: Span<UInt8>) -> Bool {
        guard count >= prefix.count else { return false }
        for index in 0..<prefix.count where self[index] != prefix[index] { return false }
        return true
    }
}
