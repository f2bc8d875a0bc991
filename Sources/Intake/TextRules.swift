import Core
import SystemSupport

/// The rules for single texts, each a pure function. The privacy guard calls them for a text that is not cached.
struct TextRules: Sendable {
    private let secrets = SecretRules()
    /// The character classes of each byte, stored inline so that a look-up needs no bounds check.
    private let classes: [256 of UInt8] = .init { classify($0) }

    /// Returns whether `text` has the form of a keyed hash. A row of an import has up to two hashes, so this check has
    /// to be fast. It uses no table. It has no early exit, so that one instruction can compare many bytes.
    static func isHash(_ text: Span<UInt8>) -> Bool {
        guard text.count == Limits.hashCharacters else { return false }
        var others: UInt8 = 0
        var index = 0
        while index < text.count {
            let byte = text[index]
            others |= byte &- UInt8(ascii: "0") < 10 || byte &- UInt8(ascii: "a") < 6 ? 0 : 1
            index &+= 1
        }
        return others == 0
    }

    /// Returns the rule that an identifier breaks; nil for a valid identifier. An identifier must match
    /// `[A-Za-z0-9][A-Za-z0-9._-]{0,63}` and must not look like a secret.
    func flawOfIdentifier(_ text: Span<UInt8>) -> Rejection.Reason? {
        guard text.count >= 1, text.count <= Limits.identifierBytes, has(text[0], Class.alphanumeric),
            matches(text, from: 1, Class.identifier)
        else { return .invalidText }
        return secrets.isSecret(text) ? .looksSecret : nil
    }

    /// Returns the rule that a session id breaks; nil for a valid id. An id must match `[A-Za-z0-9._-]{1,64}`. Session
    /// ids are random by nature, so only known kinds of tokens count as a secret.
    func flawOfSession(_ text: Span<UInt8>) -> Rejection.Reason? {
        guard text.count >= 1, text.count <= Limits.sessionBytes, matches(text, from: 0, Class.identifier) else {
            return .invalidText
        }
        return secrets.hasToken(text) ? .looksSecret : nil
    }

    /// The end of the kept part of a command.
    enum CommandEnd: Sendable {
        /// At the end of the command: nothing is left out.
        case whole
        /// At the first word that is not kept. Also used if only the folders in the path of the program are left out.
        case cut
        /// Before a word that looks like a secret.
        case redacted
    }

    /// Appends to `kept` the first plain words of `text`, at most four. The first word of another kind (a flag, a path,
    /// a quote, an assignment, a word that looks like a secret) ends the kept part. If the first word of `text` is a
    /// path, its base name is kept. Returns how the kept part ends.
    func cut(_ text: Span<UInt8>, into kept: inout [UInt8]) -> CommandEnd {
        var words = 0
        var position = startOfProgram(text)
        let isWhole = position == 0
        while true {
            while position < text.count, text[position] == UInt8(ascii: " ") { position += 1 }
            guard position < text.count else { return isWhole ? .whole : .cut }
            guard words < Limits.commandWords, let end = plainWordEnd(text, from: position) else { return .cut }
            let word = text.extracting(position..<end)
            if secrets.isSecret(word) { return .redacted }
            if words > 0 { kept.append(UInt8(ascii: " ")) }
            kept.append(word)
            words += 1
            position = end
        }
    }

    /// Returns the index after the last slash of the first word; 0 if that word has no slash or ends with a slash.
    private func startOfProgram(_ text: Span<UInt8>) -> Int {
        var start = 0
        var index = 0
        while index < text.count, text[index] == UInt8(ascii: " ") { index += 1 }
        while index < text.count, text[index] != UInt8(ascii: " ") {
            if text[index] == UInt8(ascii: "/") { start = index + 1 }
            index += 1
        }
        return start < text.count && text[start] != UInt8(ascii: " ") ? start : 0
    }

    /// Returns the end of the plain word `[A-Za-z0-9][A-Za-z0-9._:-]{0,31}` at `start`; nil if there is no such word.
    private func plainWordEnd(_ text: Span<UInt8>, from start: Int) -> Int? {
        guard has(text[start], Class.alphanumeric) else { return nil }
        var end = start + 1
        while end < text.count, has(text[end], Class.commandWord) { end += 1 }
        guard end - start <= Limits.commandWordBytes, end == text.count || text[end] == UInt8(ascii: " ") else {
            return nil
        }
        return end
    }

    private enum Class {
        static let alphanumeric: UInt8 = 1
        static let identifier: UInt8 = 2
        static let commandWord: UInt8 = 4
    }

    private static func classify(_ value: Int) -> UInt8 {
        guard value < 128 else { return 0 }
        switch UInt8(value) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            return Class.alphanumeric | Class.identifier | Class.commandWord
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): return Class.identifier | Class.commandWord
        case UInt8(ascii: ":"): return Class.commandWord
        default: return 0
        }
    }

    @inline(__always)
    private func has(_ byte: UInt8, _ wanted: UInt8) -> Bool { classes[Int(byte)] & wanted != 0 }

    /// Returns whether every byte from `start` on is of the class `wanted`. It has no early exit, because most texts
    /// match.
    private func matches(_ text: Span<UInt8>, from start: Int, _ wanted: UInt8) -> Bool {
        var common = wanted
        for index in start..<text.count { common &= classes[Int(text[index])] }
        return common == wanted
    }
}
