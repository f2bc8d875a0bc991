import EventModel
import Platform

/// Makes an encoded event of a draft: checks every value, puts hashes in the place of names, cuts the command.
struct EventAssembler: Sendable {
    private var privacy: PrivacyGuard
    private var encoder = EventEncoder()
    private let session: [UInt8]
    private let clock: any WallClock

    init(key: HashKey, session: String, clock: any WallClock) {
        privacy = PrivacyGuard(key: key)
        self.session = Array(session.utf8)
        self.clock = clock
    }

    /// Hashes names with another key from here on.
    mutating func use(_ key: HashKey) { privacy.use(key) }

    /// The encoded event, after an `assemble` that did not throw.
    var payload: [UInt8] { encoder.payload }

    /// Takes a draft whose texts stand in `text`. Returns whether the command was cut.
    mutating func assemble(_ draft: borrowing EventDraft, _ text: Span<UInt8>) throws(Rejection) -> Bool {
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
        return isCut
    }

    private func numbers(of draft: borrowing EventDraft, _ text: Span<UInt8>) throws(Rejection) -> EventNumbers {
        EventNumbers(
            timestamp: try timestamp(of: draft, text),
            durationMS: try inRange(draft.durationMS, .durationMS, Limits.durationMilliseconds),
            success: draft.success,
            servicesCount: try inRange(draft.servicesCount, .servicesCount, Limits.servicesCount).map(UInt32.init),
            portsUsed: try inRange(draft.portsUsed, .portsUsed, Limits.portsUsed).map(UInt32.init))
    }

    private func timestamp(of draft: borrowing EventDraft, _ text: Span<UInt8>) throws(Rejection) -> Int64 {
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
        _ name: EventField, orHash hash: EventField, of draft: borrowing EventDraft, _ text: Span<UInt8>,
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

    private mutating func encodeSession(_ draft: borrowing EventDraft, _ text: Span<UInt8>) throws(Rejection) {
        guard let place = draft.place(.sessionID) else {
            let session = session
            return encoder.appendSession(session.span)
        }
        try privacy.checkSession(text.extracting(place))
        encoder.appendSession(text.extracting(place))
    }

    private mutating func encodeType(_ draft: borrowing EventDraft, _ text: Span<UInt8>) throws(Rejection) {
        guard let place = draft.place(.eventType) else {
            return encoder.appendType(EventType.command.rawValue.utf8.span)
        }
        try privacy.checkIdentifier(text.extracting(place), of: .eventType)
        encoder.appendType(text.extracting(place))
    }
}
