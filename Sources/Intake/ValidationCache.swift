import Core
import SystemSupport

/// What was decided about texts that came before, by the text: a stream says the same few things over and over, and
/// looking a text up costs less than checking it again.
///
/// The first text is not remembered: a single event has no second one, and to make room for what is remembered costs as
/// much as the rest of it.
///
/// In memory only and bounded: past `Limits.rememberedNames` texts, or `Limits.rememberedTextBytes` bytes of them, it
/// starts afresh.
struct ValidationCache<Decision: Sendable>: Sendable {
    private var texts = ByteKeyTable()
    private var decisions: [Decision] = []
    private var isFirst = true

    /// What was decided about `text`; nil when it is not remembered.
    mutating func decision(about text: Span<UInt8>) -> Decision? {
        guard text.count <= Limits.longestRememberedText, let index = texts.index(ofKnown: text) else { return nil }
        return decisions[index]
    }

    /// Remembers a decision about a text that is not remembered yet; one that is too long costs more than it saves.
    mutating func remember(_ decision: Decision, about text: Span<UInt8>) {
        guard !isFirst else {
            isFirst = false
            return
        }
        guard text.count <= Limits.longestRememberedText else { return }
        if decisions.count >= Limits.rememberedNames || texts.byteCount >= Limits.rememberedTextBytes {
            texts.removeAll()
            decisions.removeAll(keepingCapacity: true)
        }
        _ = texts.index(of: text)
        decisions.append(decision)
    }
}
