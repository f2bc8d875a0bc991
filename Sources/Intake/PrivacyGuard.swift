import EventModel
import Platform

/// What may be kept of an event: every rule that stands between what a script says and what is written.
///
/// Each rule stands in `PrivacyRule`, with its reason.
///
/// A value that breaks a rule, or looks like a secret, rejects the event: nothing of it is written.
struct PrivacyGuard: Sendable {
    private let rules = TextRules()
    private var hasher: NameHasher
    /// Identifiers and sessions that were judged before: fit to be kept, or the rule that they break.
    private var identifiers = RememberedTexts<Rejection.Reason?>()
    private var sessions = RememberedTexts<Rejection.Reason?>()
    /// Commands that were cut before: where what is kept of them stands in `cutText`.
    private var commands = RememberedTexts<Cut>()
    private var cutText: [UInt8] = []

    private struct Cut {
        let kept: Range<Int>
        let isCut: Bool
    }

    init(key: HashKey) {
        hasher = NameHasher(key: key)
    }

    /// Hashes names with another key from here on.
    mutating func use(_ key: HashKey) { hasher = NameHasher(key: key) }

    /// Hands the hash of a raw name to `use`.
    @inline(__always)
    mutating func hash(
        _ name: Span<UInt8>, of field: EventField, _ use: (Span<UInt8>) -> Void
    ) throws(Rejection) {
        guard name.count <= Limits.nameBytes else { throw Rejection(.invalidText, field: field) }
        hasher.hash(name, use)
    }

    /// Checks a hash that was given instead of a name.
    func checkHash(_ text: Span<UInt8>, of field: EventField) throws(Rejection) {
        guard TextRules.isHash(text) else { throw Rejection(.invalidHash, field: field) }
    }

    /// Checks an identifier: `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`, and nothing that looks like a secret.
    mutating func checkIdentifier(_ text: Span<UInt8>, of field: EventField) throws(Rejection) {
        let verdict: Rejection.Reason?
        if let known = identifiers.decision(about: text) {
            verdict = known
        } else {
            verdict = rules.flawOfIdentifier(text)
            identifiers.remember(verdict, about: text)
        }
        if let verdict { throw Rejection(verdict, field: field) }
    }

    /// Checks a session id: `[A-Za-z0-9._-]{1,64}`.
    mutating func checkSession(_ text: Span<UInt8>) throws(Rejection) {
        let verdict: Rejection.Reason?
        if let known = sessions.decision(about: text) {
            verdict = known
        } else {
            verdict = rules.flawOfSession(text)
            sessions.remember(verdict, about: text)
        }
        if let verdict { throw Rejection(verdict, field: .sessionID) }
    }

    /// Hands what is kept of a command to `use`: its first plain words, at most four. Returns whether anything was left
    /// out.
    @inline(__always)
    mutating func cut(_ text: Span<UInt8>, _ use: (Span<UInt8>) -> Void) throws(Rejection) -> Bool {
        let cut: Cut
        if let known = commands.decision(about: text) { cut = known } else { cut = try cutAfresh(text) }
        use(cutText.span.extracting(cut.kept))
        return cut.isCut
    }

    private mutating func cutAfresh(_ text: Span<UInt8>) throws(Rejection) -> Cut {
        if cutText.count >= Limits.rememberedTextBytes {
            commands = RememberedTexts()
            cutText.removeAll(keepingCapacity: true)
        }
        let start = cutText.count
        let isCut: Bool
        do throws(Rejection) {
            isCut = try rules.cut(text, into: &cutText)
        } catch {
            cutText.removeLast(cutText.count - start)
            throw error
        }
        let cut = Cut(kept: start..<cutText.count, isCut: isCut)
        commands.remember(cut, about: text)
        return cut
    }
}
