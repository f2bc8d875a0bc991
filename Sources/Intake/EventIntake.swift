package import Core
package import SystemSupport

/// The entry point for events: decodes and validates an event, removes private parts, and encodes the rest. Only the
/// encoded event may be written to disk.
///
/// Several sources of events can share one intake, and thereby its caches. The intake counts rejections and omissions.
package struct EventIntake: Sendable {
    /// The decoder, created for the first line. A single event from a command's flags has no line, and creating the
    /// decoder takes as long as processing that event.
    private var decoder: EventDecoder?
    private let isStrict: Bool
    private var parsed = ParsedEvent()
    private var assembler: EventValidator
    private let clock: any WallClock
    /// Provides the key, and detects a new key.
    private var keys: HashKeySource?
    /// Provides the naming rules, and detects new rules.
    private var namingSource: NamingSettingsSource?
    private var naming: NamingSettings
    /// Rejections since the last `takeRejections`. Omissions in accepted events are frequent. Therefore the three
    /// integers below count them, and `takeRejections` adds their values.
    private var rejections = RejectionCounters()
    private var cutCommands = 0
    private var droppedFields = 0
    private var redactedValues = 0
    /// Whether the whole command of an accepted event was dropped after the caller last set this property to false.
    package var hasEmptiedCommand = false
    /// The parts that were left out of the last accepted event.
    private(set) var omissions = EventValidator.Omissions()

    /// - Parameters:
    ///   - key: hashes names. If it is nil, names are left out and counted.
    ///   - session: the session of events without a session id; must be valid.
    ///   - strict: whether an unknown JSON key, or a value that looks like a secret, rejects the event.
    ///   - acceptsFuture: if true, times are accepted without a comparison to the clock. Rows of snapshots need this,
    ///     because another machine may have recorded them.
    ///   - naming: the naming rules of the user's settings.
    package init(
        key: HashKey?, session: String, strict: Bool = false, acceptsFuture: Bool = false,
        naming: NamingSettings = .none, clock: any WallClock = SystemClock()
    ) {
        isStrict = strict
        self.naming = naming
        assembler = EventValidator(
            key: key, session: session, strict: strict, acceptsFuture: acceptsFuture, ignore: naming.ignore)
        self.clock = clock
    }

    /// Creates an intake for a long-lived process. The intake reads the key and the naming rules of the data folder,
    /// first now and then at each `refresh` that finds a change.
    package init(
        data: DataFolder, session: String, strict: Bool = false, clock: any WallClock = SystemClock()
    ) throws(HashKeyError) {
        var keys = HashKeySource(data)
        guard case .key(let key) = try keys.next() else { preconditionFailure("the first call returns the key") }
        var namingSource = NamingSettingsSource(data)
        self.init(key: key, session: session, strict: strict, naming: namingSource.next() ?? .none, clock: clock)
        self.keys = keys
        self.namingSource = namingSource
    }

    /// Uses the current key and naming rules of the data folder from here on. If the key is lost, names are left out.
    package mutating func refresh() throws(HashKeyError) {
        if let naming = namingSource?.next() {
            self.naming = naming
            assembler.use(ignore: naming.ignore)
        }
        do throws(HashKeyError) {
            if case .key(let key)? = try keys?.next() { assembler.use(key) }
        } catch  where error.isOff {
            // Recording is off, so no event that is accepted from here on will be written.
        }
    }

    /// A copy of the encoded event, after an `accept` that did not throw.
    package var payload: [UInt8] { assembler.encoder.payload }

    /// Returns the current time, in milliseconds since 1970.
    package func currentTime() -> Int64 { clock.now() }

    /// Accepts one line of NDJSON and passes the encoded event to `use`.
    /// - Parameter time: the time at which the line was received, in milliseconds since 1970; nil for the current time.
    package mutating func accept(
        line: Span<UInt8>, receivedAt time: Int64? = nil, use: (Span<UInt8>) -> Void = { _ in }
    ) throws(Rejection) {
        let clock = clock
        let now = { time ?? clock.now() }
        do throws(Rejection) {
            if decoder == nil { decoder = EventDecoder(strict: isStrict) }
            try decoder!.decode(line, into: &parsed)
            if parsed.shell.line != nil, let resolved = try resolved(in: line) {
                let text = resolved.text
                omissions = try assembler.assemble(resolved, text.span, at: now)
            } else if parsed.keepsText {
                let text = parsed.text
                omissions = try assembler.assemble(parsed, text.span, at: now)
            } else {
                omissions = try assembler.assemble(parsed, line, at: now)
            }
        } catch {
            throw counted(error)
        }
        countOmissions()
        droppedFields += parsed.unknownKeys
        assembler.withPayload(use)
    }

    /// Accepts an event that keeps its own texts, and passes the encoded event to `use`.
    package mutating func accept(
        _ parsed: ParsedEvent, use: (Span<UInt8>) -> Void = { _ in }
    ) throws(Rejection) {
        try accept(parsed, in: parsed.text.span, use: use)
    }

    /// Accepts an event whose texts are in `text`, and passes the encoded event to `use`.
    package mutating func accept(
        _ parsed: ParsedEvent, in text: Span<UInt8>, use: (Span<UInt8>) -> Void = { _ in }
    ) throws(Rejection) {
        _ = try acceptSayingIfCut(parsed, in: text, use: use)
    }

    /// Accepts an event like `accept(_:in:use:)`. Returns whether the command was cut (see
    /// `EventValidator.Omissions.isCut`).
    package mutating func acceptSayingIfCut(
        _ parsed: ParsedEvent, in text: Span<UInt8>, use: (Span<UInt8>) -> Void
    ) throws(Rejection) -> Bool {
        do throws(Rejection) {
            if let resolved = try parsed.resolvingShellLine(in: text, naming) {
                let text = resolved.text
                omissions = try assembler.assemble(resolved, text.span, at: clock.now)
            } else {
                omissions = try assembler.assemble(parsed, text, at: clock.now)
            }
        } catch {
            throw counted(error)
        }
        countOmissions()
        assembler.withPayload(use)
        return omissions.isCut
    }

    /// Returns the decoded event with its shell line resolved. Nil if the event has a command, because the command then
    /// names the event.
    private func resolved(in line: Span<UInt8>) throws(Rejection) -> ParsedEvent? {
        guard parsed.keepsText else { return try parsed.resolvingShellLine(in: line, naming) }
        let text = parsed.text
        return try parsed.resolvingShellLine(in: text.span, naming)
    }

    @inline(__always)
    private mutating func countOmissions() {
        if omissions.isCut {
            cutCommands += 1
            if omissions.isEmptied { hasEmptiedCommand = true }
        }
        redactedValues += omissions.redactedCount
        droppedFields += omissions.droppedNames
    }

    /// Counts a line that was too long to be parsed, and returns its rejection.
    package mutating func rejectTooLong() -> Rejection {
        counted(Rejection(.lineTooLong))
    }

    /// Returns the counts since the last call, and resets them. Nil if nothing was rejected or left out.
    package mutating func takeRejections() -> RejectionCounters? {
        rejections.count(.cutCommand, times: cutCommands)
        rejections.count(.droppedField, times: droppedFields)
        rejections.count(.redactedValue, times: redactedValues)
        (cutCommands, droppedFields, redactedValues) = (0, 0, 0)
        guard !rejections.isEmpty else { return nil }
        defer { rejections = RejectionCounters() }
        return rejections
    }

    /// Returns whether `text` can be a session id.
    package static func isSession(_ text: String) -> Bool {
        TextRules().flawOfSession(Array(text.utf8).span) == nil
    }

    private mutating func counted(_ rejection: Rejection) -> Rejection {
        rejections.count(.rejected(rejection.reason))
        return rejection
    }
}
