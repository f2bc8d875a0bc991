import EventModel
import Platform

/// Makes an encoded event of a draft: checks every value, puts hashes in the place of names, cuts the command.
struct EventAssembler: Sendable {
    private var privacy: PrivacyGuard
    /// Holds the encoded event after an `assemble` that did not throw.
    private(set) var encoder = EventEncoder()
    private var timestamps = TimestampParser()
    private let session: [UInt8]
    private let clock: any WallClock
    private let acceptsFuture: Bool

    init(key: HashKey, session: String, acceptsFuture: Bool, clock: any WallClock) {
        privacy = PrivacyGuard(key: key)
        self.session = Array(session.utf8)
        self.acceptsFuture = acceptsFuture
        self.clock = clock
    }

    /// Hashes names with another key from here on.
    mutating func use(_ key: HashKey) { privacy.use(key) }

    /// Hands out the encoded event where it stands, after an `assemble` that did not throw.
    mutating func withPayload(_ use: (Span<UInt8>) -> Void) { encoder.withPayload(use) }

    /// Takes a draft whose texts stand in `text`. Returns whether the command was cut.
    mutating func assemble(_ draft: borrowing EventDraft, _ text: Span<UInt8>) throws(Rejection) -> Bool {
        let hasCommand = draft.place(.command) != nil
        guard hasCommand || draft.place(.eventType) != nil else { throw Rejection(.missingType) }
        encoder.begin(try numbers(of: draft, text))
        try encodeWorkspace(draft, text)
        try encodeTask(draft, text)
        try encodeSession(draft, text)
        try encodeType(draft, text)
        var isCut = false
        if let place = draft.place(.command) {
            isCut = try privacy.cut(text.extracting(place)) { encoder.appendCommand($0) }
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

    private mutating func numbers(of draft: borrowing EventDraft, _ text: Span<UInt8>) throws(Rejection) -> EventNumbers
    {
        EventNumbers(
            timestamp: try timestamp(of: draft, text),
            durationMS: try inRange(draft.durationMS, .durationMS, Limits.durationMilliseconds),
            success: draft.success,
            servicesCount: try inRange(draft.servicesCount, .servicesCount, Limits.servicesCount).map(UInt32.init),
            portsUsed: try inRange(draft.portsUsed, .portsUsed, Limits.portsUsed).map(UInt32.init))
    }

    private mutating func timestamp(of draft: borrowing EventDraft, _ text: Span<UInt8>) throws(Rejection) -> Int64 {
        var timestamp = draft.timestamp
        if let place = draft.place(.timestamp) {
            timestamp = timestamps.parse(text.extracting(place))
            guard timestamp != nil else { throw Rejection(.invalidTimestamp, field: .timestamp) }
        }
        // A given time is compared to the clock, so a wrong clock rejects every event and not only those without a time.
        if acceptsFuture, let timestamp { return try inRange(timestamp) }
        let now = clock.now()
        guard Self.isInRange(now) else { throw Rejection(.wrongClock) }
        guard let timestamp else { return now }
        guard try inRange(timestamp) <= now + Limits.aheadMilliseconds else {
            throw Rejection(.futureTimestamp, field: .timestamp)
        }
        return timestamp
    }

    private func inRange(_ timestamp: Int64) throws(Rejection) -> Int64 {
        guard Self.isInRange(timestamp) else { throw Rejection(.invalidTimestamp, field: .timestamp) }
        return timestamp
    }

    private static func isInRange(_ timestamp: Int64) -> Bool {
        timestamp >= Limits.earliestTimestamp && timestamp <= Limits.latestTimestamp
    }

    private func inRange(_ number: Int64?, _ field: EventField, _ limit: Int64) throws(Rejection) -> Int64? {
        guard let number else { return nil }
        guard number >= 0, number <= limit else { throw Rejection(.outOfRange, field: field) }
        return number
    }

    private mutating func encodeWorkspace(_ draft: borrowing EventDraft, _ text: Span<UInt8>) throws(Rejection) {
        if let place = draft.place(.workspace) {
            guard draft.place(.workspaceHash) == nil else { throw Rejection(.contradiction, field: .workspace) }
            try privacy.hash(text.extracting(place), of: .workspace) { encoder.appendWorkspace(hash: $0) }
        } else if let place = draft.place(.workspaceHash) {
            try privacy.checkHash(text.extracting(place), of: .workspaceHash)
            encoder.appendWorkspace(hash: text.extracting(place))
        }
    }

    private mutating func encodeTask(_ draft: borrowing EventDraft, _ text: Span<UInt8>) throws(Rejection) {
        if let place = draft.place(.task) {
            guard draft.place(.taskHash) == nil else { throw Rejection(.contradiction, field: .task) }
            try privacy.hash(text.extracting(place), of: .task) { encoder.appendTask(hash: $0) }
        } else if let place = draft.place(.taskHash) {
            try privacy.checkHash(text.extracting(place), of: .taskHash)
            encoder.appendTask(hash: text.extracting(place))
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
