package import EventModel
package import Platform

/// The door: decode, validate, take the private parts out, encode. What comes out of it may be written to disk, and
/// nothing else is.
///
/// One intake serves one source of events from beginning to end. It counts what it refuses and leaves out.
package struct EventIntake: Sendable {
    private var decoder: EventDecoder
    private var draft = EventDraft()
    private var assembler: EventAssembler
    /// Where a new key is looked for.
    private var keys: HashKeySource?
    /// What was refused, dropped and cut since `takeTally`.
    private var tally = Tally()

    /// `session` is the one that events without a session id belong to; it must be a valid one.
    package init(key: HashKey, session: String, strict: Bool = false, clock: any WallClock = SystemClock()) {
        decoder = EventDecoder(strict: strict)
        assembler = EventAssembler(key: key, session: session, clock: clock)
    }

    /// An intake that lives long: it takes the key of the data folder, now and whenever `refreshKey` finds a new one.
    package init(
        data: DataFolder, session: String, strict: Bool = false, clock: any WallClock = SystemClock()
    ) throws(HashKeyError) {
        var keys = HashKeySource(data)
        guard let key = try keys.nextIfNew() else { preconditionFailure("the first look gives the key") }
        self.init(key: key, session: session, strict: strict, clock: clock)
        self.keys = keys
    }

    /// Uses the key that the data folder has now; where it has none any more, a new one is made.
    package mutating func refreshKey() throws(HashKeyError) {
        do throws(HashKeyError) {
            if let key = try keys?.nextIfNew() { assembler.use(key) }
        } catch  where error.isOff {
            // Nothing of what is taken in now will be written.
        }
    }

    /// The encoded event, after an `accept` that did not throw.
    package var payload: [UInt8] { assembler.payload }

    /// Takes one line of NDJSON.
    package mutating func accept(line: Span<UInt8>) throws(Rejection) {
        let isCut: Bool
        do throws(Rejection) {
            try decoder.decode(line, into: &draft)
            if draft.keepsText {
                let text = draft.text
                isCut = try assembler.assemble(draft, text.span)
            } else {
                isCut = try assembler.assemble(draft, line)
            }
        } catch {
            throw counted(error)
        }
        if isCut { tally.count(.cutCommand) }
        if draft.unknownKeys > 0 { tally.count(.droppedField, times: draft.unknownKeys) }
    }

    /// Takes an event that was put together from a command's flags.
    package mutating func accept(_ draft: EventDraft) throws(Rejection) {
        try accept(draft, in: draft.text.span)
    }

    /// Takes an event whose texts stand in `text`.
    package mutating func accept(_ draft: EventDraft, in text: Span<UInt8>) throws(Rejection) {
        let isCut: Bool
        do throws(Rejection) { isCut = try assembler.assemble(draft, text) } catch { throw counted(error) }
        if isCut { tally.count(.cutCommand) }
    }

    /// Counts a line that was too long to be looked at.
    package mutating func rejectTooLong() -> Rejection {
        counted(Rejection(.lineTooLong))
    }

    /// What was counted since the last call; nil when nothing was.
    package mutating func takeTally() -> Tally? {
        guard !tally.isEmpty else { return nil }
        defer { tally = Tally() }
        return tally
    }

    /// Whether `text` can be a session id.
    package static func isSession(_ text: String) -> Bool {
        let guardian = PrivacyGuard(key: HashKey(bytes: Array(repeating: 0, count: HashKey.length)))
        return (try? guardian.checkSession(Array(text.utf8).span)) != nil
    }

    private mutating func counted(_ rejection: Rejection) -> Rejection {
        tally.count(.rejected(rejection.reason))
        return rejection
    }
}
