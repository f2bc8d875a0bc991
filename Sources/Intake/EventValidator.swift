import Core
import SystemSupport

/// Creates an encoded event from a parsed event: checks every value, replaces names by hashes, and cuts the command.
///
/// Texts that look like a secret are redacted:
///
/// - In a command, the word that looks like a secret and all words after it are left out.
/// - An error category or a template is left out.
/// - A session id is replaced by the id of the default session.
/// - An event type is replaced by `command` if the event has a command. Otherwise the event is rejected.
///
/// In strict mode the event is rejected in every case.
struct EventValidator: Sendable {
    /// The parts of an event that were left out.
    struct Omissions: Equatable, Sendable {
        /// Whether the command was cut: its arguments, or the folders in the path of its program, were left out.
        var isCut = false
        /// The number of names that were left out because no key exists to hash them.
        fileprivate(set) var droppedNames = 0
        /// Whether the cut left nothing of the command.
        var isEmptied = false
        private var redacted: UInt16 = 0

        /// The number of fields whose value was redacted, at least in part.
        var redactedCount: Int { redacted.nonzeroBitCount }

        /// Returns whether the value of `field`, or a part of it, was redacted.
        func isRedacted(_ field: EventField) -> Bool { redacted & 1 << UInt16(field.index) != 0 }

        fileprivate mutating func redact(_ field: EventField) { redacted |= 1 << UInt16(field.index) }
    }

    private var privacy: PrivacyGuard
    /// Holds the encoded event after an `assemble` that did not throw.
    private(set) var encoder = EventEncoder()
    private var timestamps = TimestampParser()
    private let session: [UInt8]
    private let acceptsFuture: Bool
    /// Naming rules that contain only the list of ignored commands; nil when no command is ignored.
    private var ignoring: NamingSettings?

    init(key: HashKey?, session: String, strict: Bool, acceptsFuture: Bool, ignore: [String]) {
        privacy = PrivacyGuard(key: key, strict: strict)
        self.session = Array(session.utf8)
        self.acceptsFuture = acceptsFuture
        use(ignore: ignore)
    }

    /// Replaces the list of ignored commands. A command that begins with all words of an entry is rejected.
    mutating func use(ignore names: [String]) {
        ignoring = nil
        guard !names.isEmpty else { return }
        var naming = NamingSettings()
        naming.ignore = names
        ignoring = naming
    }

    /// Hashes names with `key` from here on. Without a key, names are left out.
    mutating func use(_ key: HashKey?) { privacy.use(key) }

    /// Passes the encoded event to `use` without a copy, after an `assemble` that did not throw.
    mutating func withPayload(_ use: (Span<UInt8>) -> Void) { encoder.withPayload(use) }

    /// Validates a parsed event whose texts are in `text`, and encodes it. Returns the omissions.
    /// - Parameter now: returns the current time, in milliseconds since 1970. It is only called if the time is needed.
    mutating func assemble(
        _ parsed: borrowing ParsedEvent, _ text: Span<UInt8>, at now: () -> Int64
    ) throws(Rejection) -> Omissions {
        let hasCommand = parsed.place(.command) != nil
        guard hasCommand || parsed.place(.eventType) != nil else { throw Rejection(.missingType) }
        var omissions = Omissions()
        encoder.begin(try numbers(of: parsed, text, at: now))
        try encodeWorkspace(parsed, text, &omissions)
        try encodeTask(parsed, text, &omissions)
        try encodeSession(parsed, text, &omissions)
        try encodeType(parsed, text, &omissions)
        if let place = parsed.place(.command) {
            var isEmpty = true
            var isIgnored = false
            let end = try privacy.cut(text.extracting(place)) {
                isEmpty = $0.isEmpty
                if let ignoring { isIgnored = ignoring.ignores($0) }
                encoder.appendCommand($0)
            }
            if isIgnored { throw Rejection(.ignored) }
            switch end {
            case .whole: break
            case .cut:
                omissions.isCut = true
                omissions.isEmptied = isEmpty
            case .redacted: omissions.redact(.command)
            }
        }
        if let place = parsed.place(.errorCategory) {
            if try privacy.keepsIdentifier(text.extracting(place), of: .errorCategory) {
                encoder.appendErrorCategory(text.extracting(place))
            } else {
                omissions.redact(.errorCategory)
            }
        }
        if let place = parsed.place(.templateUsed) {
            if try privacy.keepsIdentifier(text.extracting(place), of: .templateUsed) {
                encoder.appendTemplate(text.extracting(place))
            } else {
                omissions.redact(.templateUsed)
            }
        }
        encoder.finish()
        return omissions
    }

    private mutating func numbers(
        of parsed: borrowing ParsedEvent, _ text: Span<UInt8>, at now: () -> Int64
    ) throws(Rejection) -> EventNumbers {
        EventNumbers(
            timestamp: try timestamp(of: parsed, text, at: now),
            durationMS: try inRange(parsed.durationMS, .durationMS, Limits.durationMilliseconds),
            success: parsed.success,
            servicesCount: try inRange(parsed.servicesCount, .servicesCount, Limits.servicesCount).map(UInt32.init),
            portsUsed: try inRange(parsed.portsUsed, .portsUsed, Limits.portsUsed).map(UInt32.init))
    }

    private mutating func timestamp(
        of parsed: borrowing ParsedEvent, _ text: Span<UInt8>, at now: () -> Int64
    ) throws(Rejection) -> Int64 {
        var timestamp = parsed.timestamp
        if let place = parsed.place(.timestamp) {
            timestamp = timestamps.parse(text.extracting(place))
            guard timestamp != nil else { throw Rejection(.invalidTimestamp, field: .timestamp) }
        }
        if acceptsFuture, let timestamp { return try inRange(timestamp) }
        // The clock gives the time of an event without a time, and shows which times are in the future. Therefore a
        // wrong clock rejects every event that gets here, even an event with a time.
        let now = now()
        guard Self.isInRange(now) else { throw Rejection(.wrongClock) }
        guard let timestamp else {
            // An event that is recorded without a time has just ended. The time of an event is its start, so the
            // duration is subtracted.
            let elapsed = max(parsed.elapsedMS, parsed.durationMS ?? 0)
            return max(now - min(max(elapsed, 0), Limits.durationMilliseconds), Limits.earliestTimestamp)
        }
        guard try inRange(timestamp) <= now + Limits.aheadMilliseconds else {
            throw Rejection(.futureTimestamp, field: .timestamp)
        }
        return timestamp
    }

    private func inRange(_ timestamp: Int64) throws(Rejection) -> Int64 {
        guard Self.isInRange(timestamp) else {
            let (milliseconds, overflows) = timestamp.multipliedReportingOverflow(by: 1000)
            let isSeconds = !overflows && Self.isInRange(milliseconds)
            throw Rejection(isSeconds ? .timestampInSeconds : .invalidTimestamp, field: .timestamp)
        }
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

    private mutating func encodeWorkspace(
        _ parsed: borrowing ParsedEvent, _ text: Span<UInt8>, _ omissions: inout Omissions
    ) throws(Rejection) {
        if let place = parsed.place(.workspace) {
            guard parsed.place(.workspaceHash) == nil else { throw Rejection(.contradiction, field: .workspace) }
            let isKept = try privacy.hash(text.extracting(place), of: .workspace) { encoder.appendWorkspace(hash: $0) }
            if !isKept { omissions.droppedNames += 1 }
        } else if let place = parsed.place(.workspaceHash) {
            try privacy.checkHash(text.extracting(place), of: .workspaceHash)
            encoder.appendWorkspace(hash: text.extracting(place))
        }
    }

    private mutating func encodeTask(
        _ parsed: borrowing ParsedEvent, _ text: Span<UInt8>, _ omissions: inout Omissions
    ) throws(Rejection) {
        if let place = parsed.place(.task) {
            guard parsed.place(.taskHash) == nil else { throw Rejection(.contradiction, field: .task) }
            let isKept = try privacy.hash(text.extracting(place), of: .task) { encoder.appendTask(hash: $0) }
            if !isKept { omissions.droppedNames += 1 }
        } else if let place = parsed.place(.taskHash) {
            try privacy.checkHash(text.extracting(place), of: .taskHash)
            encoder.appendTask(hash: text.extracting(place))
        }
    }

    private mutating func encodeSession(
        _ parsed: borrowing ParsedEvent, _ text: Span<UInt8>, _ omissions: inout Omissions
    ) throws(Rejection) {
        if let place = parsed.place(.sessionID) {
            if try privacy.keepsSession(text.extracting(place)) {
                return encoder.appendSession(text.extracting(place))
            }
            omissions.redact(.sessionID)
        }
        let session = session
        encoder.appendSession(session.span)
    }

    private mutating func encodeType(
        _ parsed: borrowing ParsedEvent, _ text: Span<UInt8>, _ omissions: inout Omissions
    ) throws(Rejection) {
        if let place = parsed.place(.eventType) {
            if try privacy.keepsIdentifier(text.extracting(place), of: .eventType) {
                return encoder.appendType(text.extracting(place))
            }
            guard parsed.place(.command) != nil else { throw Rejection(.looksSecret, field: .eventType) }
            omissions.redact(.eventType)
        }
        encoder.appendType(EventType.command.rawValue.utf8.span)
    }
}

/// Caches the decision about each text. A stream has few different texts, and a look-up takes less time than a check.
///
/// The first text is not cached. A recorder of a single event has no second text, and allocating the cache takes as
/// long as all other work for the event.
///
/// The cache is in memory only. It is cleared when it reaches `Limits.rememberedNames` texts or
/// `Limits.rememberedTextBytes` bytes.
struct ValidationCache<Decision: Sendable>: Sendable {
    private var texts = ByteKeyTable()
    private var decisions: [Decision] = []
    private var isFirst = true

    /// Returns the decision about `text`; nil when it is not cached.
    mutating func decision(about text: Span<UInt8>) -> Decision? {
        guard text.count <= Limits.longestRememberedText, let index = texts.index(ofKnown: text) else { return nil }
        return decisions[index]
    }

    /// Caches a decision about a text that is not cached yet. Texts longer than `Limits.longestRememberedText` are left
    /// out, because caching them costs more than it saves.
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
