import EventModel
import Platform

/// What may be kept of an event: every rule that stands between what a script says and what is written.
///
/// Each rule stands in `PrivacyRule`, with its reason.
///
/// A value that breaks a rule, or looks like a secret, rejects the event: nothing of it is written.
struct PrivacyGuard: Sendable {
    private let secrets = SecretRules()
    private var hasher: NameHasher
    private let classes: [UInt8]
    /// The command as it is kept, after `cut`.
    private(set) var command: [UInt8] = []

    init(key: HashKey) {
        hasher = NameHasher(key: key)
        classes = (0...255).map(Self.classify)
        command.reserveCapacity(Limits.commandBytes)
    }

    /// Hashes names with another key from here on.
    mutating func use(_ key: HashKey) { hasher = NameHasher(key: key) }

    /// The hashes that `hash` points into.
    var hashText: [UInt8] { hasher.hashText }

    /// Where in `hashText` the hash of a raw name stands, until the next call.
    mutating func hash(_ name: Span<UInt8>, of field: EventField) throws(Rejection) -> Range<Int> {
        guard name.count <= Limits.nameBytes else { throw Rejection(.invalidText, field: field) }
        return hasher.hash(name)
    }

    /// Checks a hash that was given instead of a name.
    func checkHash(_ text: Span<UInt8>, of field: EventField) throws(Rejection) {
        guard text.count == Limits.hashCharacters, matches(text, from: 0, Class.hash) else {
            throw Rejection(.invalidHash, field: field)
        }
    }

    /// `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`, and nothing that looks like a secret.
    func checkIdentifier(_ text: Span<UInt8>, of field: EventField) throws(Rejection) {
        guard text.count >= 1, text.count <= Limits.identifierBytes, has(text[0], Class.alphanumeric),
            matches(text, from: 1, Class.identifier)
        else { throw Rejection(.invalidText, field: field) }
        if secrets.hasToken(text) || secrets.isLongMixed(text) { throw Rejection(.looksSecret, field: field) }
    }

    /// `[A-Za-z0-9._-]{1,64}`. Session ids are random by nature, so only known kinds of tokens are refused.
    func checkSession(_ text: Span<UInt8>) throws(Rejection) {
        guard text.count >= 1, text.count <= Limits.sessionBytes, matches(text, from: 0, Class.identifier) else {
            throw Rejection(.invalidText, field: .sessionID)
        }
        if secrets.hasToken(text) { throw Rejection(.looksSecret, field: .sessionID) }
    }

    /// Puts into `command` the first words of `text` that are plain, at most four; the first other one (a flag, a path,
    /// a quote, an assignment) ends it. Returns whether anything was left out.
    mutating func cut(_ text: Span<UInt8>) throws(Rejection) -> Bool {
        command.removeAll(keepingCapacity: true)
        var words = 0
        var position = 0
        while true {
            while position < text.count, text[position] == UInt8(ascii: " ") { position += 1 }
            guard position < text.count else { return false }
            guard words < Limits.commandWords, let end = plainWordEnd(text, from: position) else { return true }
            let word = text.extracting(position..<end)
            if secrets.hasToken(word) || secrets.isLongMixed(word) { throw Rejection(.looksSecret, field: .command) }
            if words > 0 { command.append(UInt8(ascii: " ")) }
            command.append(word)
            words += 1
            position = end
        }
    }

    /// The end of the plain word `[A-Za-z0-9][A-Za-z0-9._:-]{0,31}` at `start`; nil when what stands there is none.
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
        static let hash: UInt8 = 8
    }

    private static func classify(_ value: Int) -> UInt8 {
        guard value < 128 else { return 0 }
        switch UInt8(value) {
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return Class.alphanumeric | Class.identifier | Class.commandWord | Class.hash
        case UInt8(ascii: "g")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
            return Class.alphanumeric | Class.identifier | Class.commandWord
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): return Class.identifier | Class.commandWord
        case UInt8(ascii: ":"): return Class.commandWord
        default: return 0
        }
    }

    @inline(__always)
    private func has(_ byte: UInt8, _ wanted: UInt8) -> Bool { classes[Int(byte)] & wanted != 0 }

    private func matches(_ text: Span<UInt8>, from start: Int, _ wanted: UInt8) -> Bool {
        var index = start
        while index < text.count {
            if !has(text[index], wanted) { return false }
            index &+= 1
        }
        return true
    }
}
