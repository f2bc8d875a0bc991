package import EventModel
package import Platform

/// The door: decode, validate, take the private parts out, encode. What comes out of it may be written to disk, and
/// nothing else is.
///
/// One intake serves one source of events from beginning to end. It counts what it refuses and leaves out.
package struct EventIntake: Sendable {
    private var decoder: EventDecoder
    private var privacy: PrivacyGuard
    private var encoder = EventEncoder()
    private var draft = EventDraft()
    private let session: [UInt8]
    private let clock: any WallClock
    /// What was refused, dropped and cut since `takeTally`.
    private var tally = Tally()

    /// `session` is the one that events without a session id belong to; it must be a valid one.
    package init(key: HashKey, session: String, strict: Bool = false, clock: any WallClock = SystemClock()) {
        decoder = EventDecoder(strict: strict)
        privacy = PrivacyGuard(key: key)
        self.session = Array(session.utf8)
        self.clock = clock
    }

    /// The encoded event, after an `accept` that did not throw.
    package var payload: [UInt8] { encoder.payload }

    /// Takes one line of NDJSON.
    package mutating func accept(line: Span<UInt8>) throws(Rejection) {
        try counting { (intake) throws(Rejection) in
            try intake.decoder.decode(line, into: &intake.draft)
            let draft = intake.draft
            if draft.keepsText {
                try intake.encode(draft, draft.text.span)
            } else {
                try intake.encode(draft, line)
            }
            intake.tally.count(.droppedField, times: draft.unknownKeys)
        }
    }

    /// Takes an event that was put together from a command's flags or by a program.
    package mutating func accept(_ draft: EventDraft) throws(Rejection) {
        try counting { (intake) throws(Rejection) in try intake.encode(draft, draft.text.span) }
    }

    /// Takes an event whose texts stand in `text`.
    package mutating func accept(_ draft: EventDraft, in text: Span<UInt8>) throws(Rejection) {
        try counting { (intake) throws(Rejection) in try intake.encode(draft, text) }
    }

    /// Counts a line that was too long to be looked at.
    package mutating func rejectTooLong() -> Rejection {
        tally.count(.rejected(.lineTooLong))
        return Rejection(.lineTooLong)
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

    @inline(__always)
    private mutating func counting(
        _ work: (inout EventIntake) throws(Rejection) -> Void
    ) throws(Rejection) {
        do throws(Rejection) {
            try work(&self)
        } catch {
            tally.count(.rejected(error.reason))
            throw error
        }
    }

    /// Validates a draft whose texts stand in `text`, and encodes it.
    private mutating func encode(_ draft: EventDraft, _ text: Span<UInt8>) throws(Rejection) {
        let hasCommand = draft.place(.command) != nil
        guard hasCommand || draft.place(.eventType) != nil else { throw Rejection(.missingType) }
        encoder.begin(try numbers(of: draft, text))
        try encodeName(.workspace, orHash: .workspaceHash, of: draft, text) { $0.appendWorkspace(hash: $1) }
        try encodeName(.task, orHash: .taskHash, of: draft, text) { $0.appendTask(hash: $1) }
        try encodeSession(draft, text)
        try encodeType(draft, text)
        var isCut = false
        if let place = draft.place(.command) {
            isCut = try privacy.cut(text.extracting(place))
            let command = privacy.command
            encoder.appendCommand(command.span)
        }
        if let place = draft.place(.errorCategory) {
            try privacy.checkIdentifier(text.extracting(place), of: .errorCategory)
            encoder.appendErrorCategory(text.extracting(place))
        }
        if let place = draft.place(.templateUsed) {
            try privacy.checkIdentifier(text.extracting(place), of: .templateUsed)
            encoder.appendTemplate(text.extracting(place))
        }
        encoder.finish()
        if isCut { tally.count(.cutCommand) }
    }

    private func numbers(of draft: EventDraft, _ text: Span<UInt8>) throws(Rejection) -> EventNumbers {
        EventNumbers(
            timestamp: try timestamp(of: draft, text),
            durationMS: try inRange(draft.durationMS, .durationMS, Limits.durationMilliseconds),
            success: draft.success,
            servicesCount: try inRange(draft.servicesCount, .servicesCount, Limits.servicesCount).map(UInt32.init),
            portsUsed: try inRange(draft.portsUsed, .portsUsed, Limits.portsUsed).map(UInt32.init))
    }

    private func timestamp(of draft: EventDraft, _ text: Span<UInt8>) throws(Rejection) -> Int64 {
        var timestamp = draft.timestamp
        if let place = draft.place(.timestamp) {
            timestamp = Timestamp.parse(text.extracting(place))
            guard timestamp != nil else { throw Rejection(.invalidTimestamp, field: .timestamp) }
        }
        guard let timestamp else { return clock.now() }
        guard timestamp >= Limits.earliestTimestamp, timestamp <= Limits.latestTimestamp else {
            throw Rejection(.invalidTimestamp, field: .timestamp)
        }
        return timestamp
    }

    private func inRange(_ number: Int64?, _ field: EventField, _ limit: Int64) throws(Rejection) -> Int64? {
        guard let number else { return nil }
        guard number >= 0, number <= limit else { throw Rejection(.outOfRange, field: field) }
        return number
    }

    @inline(__always)
    private mutating func encodeName(
        _ name: EventField, orHash hash: EventField, of draft: EventDraft, _ text: Span<UInt8>,
        append: (inout EventEncoder, Span<UInt8>) -> Void
    ) throws(Rejection) {
        if let place = draft.place(name) {
            guard draft.place(hash) == nil else { throw Rejection(.contradiction, field: name) }
            let range = try privacy.hash(text.extracting(place), of: name)
            let hashes = privacy.hashText
            append(&encoder, hashes.span.extracting(range))
        } else if let place = draft.place(hash) {
            try privacy.checkHash(text.extracting(place), of: hash)
            append(&encoder, text.extracting(place))
        }
    }

    private mutating func encodeSession(_ draft: EventDraft, _ text: Span<UInt8>) throws(Rejection) {
        guard let place = draft.place(.sessionID) else {
            let session = session
            return encoder.appendSession(session.span)
        }
        try privacy.checkSession(text.extracting(place))
        encoder.appendSession(text.extracting(place))
    }

    private mutating func encodeType(_ draft: EventDraft, _ text: Span<UInt8>) throws(Rejection) {
        guard let place = draft.place(.eventType) else {
            return encoder.appendType(EventType.command.rawValue.utf8.span)
        }
        try privacy.checkIdentifier(text.extracting(place), of: .eventType)
        encoder.appendType(text.extracting(place))
    }
}
