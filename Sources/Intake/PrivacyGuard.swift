import Core
import SystemSupport

/// Applies the privacy rules for the texts of an event: names, hashes, identifiers, session ids and commands.
///
/// `PrivacyRule` describes each rule and its reason.
///
/// A value that breaks a rule rejects the event: no part of the event is written. A value that looks like a secret is
/// redacted: the event is written without the value. In strict mode, a value that looks like a secret rejects the
/// event.
struct PrivacyGuard: Sendable {
    private let isStrict: Bool
    private let rules = TextRules()
    /// Nil when there is no key.
    private var hasher: NameHasher?
    /// The cached decision about each identifier: nil for a valid identifier, otherwise the rule that the identifier
    /// breaks.
    private var identifiers = ValidationCache<Rejection.Reason?>()
    /// The cached decision about each session id: nil for a valid id, otherwise the rule that the id breaks.
    private var sessions = ValidationCache<Rejection.Reason?>()
    /// The cached cut of each command.
    private var commands = ValidationCache<Cut>()
    /// The kept parts of all cached commands, concatenated.
    private var cutText: [UInt8] = []

    private struct Cut {
        /// The range of the kept part in `cutText`.
        let kept: Range<Int>
        let end: TextRules.CommandEnd
    }

    init(key: HashKey?, strict: Bool) {
        isStrict = strict
        hasher = key.map(NameHasher.init)
    }

    /// Hashes names with `key` from here on. Without a key, names are left out.
    mutating func use(_ key: HashKey?) { hasher = key.map(NameHasher.init) }

    /// Passes the hash of a raw name to `use` and returns true. Without a key it returns false and does not call `use`.
    @inline(__always)
    mutating func hash(
        _ name: Span<UInt8>, of field: EventField, _ use: (Span<UInt8>) -> Void
    ) throws(Rejection) -> Bool {
        guard name.count <= Limits.nameBytes else { throw Rejection(.invalidText, field: field) }
        guard hasher != nil else { return false }
        hasher!.hash(name, use)
        return true
    }

    /// Checks a hash that was given instead of a name.
    func checkHash(_ text: Span<UInt8>, of field: EventField) throws(Rejection) {
        guard TextRules.isHash(text) else { throw Rejection(.invalidHash, field: field) }
    }

    /// Checks an identifier: `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`. Returns true when the text is kept, false when it looks
    /// like a secret.
    mutating func keepsIdentifier(_ text: Span<UInt8>, of field: EventField) throws(Rejection) -> Bool {
        let verdict: Rejection.Reason?
        if let known = identifiers.decision(about: text) {
            verdict = known
        } else {
            verdict = rules.flawOfIdentifier(text)
            identifiers.remember(verdict, about: text)
        }
        return try isKept(verdict, field)
    }

    /// Checks a session id: `[A-Za-z0-9._-]{1,64}`. Returns true when the text is kept, false when it looks like a
    /// secret.
    mutating func keepsSession(_ text: Span<UInt8>) throws(Rejection) -> Bool {
        let verdict: Rejection.Reason?
        if let known = sessions.decision(about: text) {
            verdict = known
        } else {
            verdict = rules.flawOfSession(text)
            sessions.remember(verdict, about: text)
        }
        return try isKept(verdict, .sessionID)
    }

    private func isKept(_ verdict: Rejection.Reason?, _ field: EventField) throws(Rejection) -> Bool {
        guard let verdict else { return true }
        if verdict == .looksSecret, !isStrict { return false }
        throw Rejection(verdict, field: field)
    }

    /// Passes the kept part of a command to `use`: its first plain words, at most four. Returns how the kept part ends.
    @inline(__always)
    mutating func cut(
        _ text: Span<UInt8>, _ use: (Span<UInt8>) -> Void
    ) throws(Rejection) -> TextRules.CommandEnd {
        let cut = commands.decision(about: text) ?? newCut(of: text)
        if isStrict, cut.end == .redacted { throw Rejection(.looksSecret, field: .command) }
        use(cutText.span.extracting(cut.kept))
        return cut.end
    }

    private mutating func newCut(of text: Span<UInt8>) -> Cut {
        if cutText.count >= Limits.rememberedTextBytes {
            commands = ValidationCache()
            cutText.removeAll(keepingCapacity: true)
        }
        let start = cutText.count
        let end = rules.cut(text, into: &cutText)
        let cut = Cut(kept: start..<cutText.count, end: end)
        commands.remember(cut, about: text)
        return cut
    }
}
