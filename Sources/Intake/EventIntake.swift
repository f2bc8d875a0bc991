package import Core
package import SystemSupport

/// The door: decode, validate, take the private parts out, encode. What comes out of it may be written to disk, and
/// nothing else is.
///
/// One intake serves one source of events from beginning to end. It counts what it refuses and leaves out.
package struct EventIntake: Sendable {
    /// Made for the first line: a single event comes without one, and to make it costs as much as the event.
    private var decoder: EventDecoder?
    private let isStrict: Bool
    private var parsed = ParsedEvent()
    private var assembler: EventValidator
    /// Where a new key is looked for.
    private var keys: HashKeySource?
    /// Where new naming rules are looked for, and those of now.
    private var namingSource: NamingSettingsSource?
    private var naming: NamingSettings
    /// What was refused since `takeRejections`; what was taken with something left out is counted beside it, as that happens
    /// to many events.
    private var rejections = RejectionCounters()
    private var cutCommands = 0
    private var droppedFields = 0
    private var redactedValues = 0
    /// Whether nothing was left of a command of an accepted event, since the caller last set it to false.
    package var hasEmptiedCommand = false
    /// The parts that were left out of the event that was accepted last.
    private(set) var omissions = EventValidator.Omissions()

    /// Without a key names are left out and counted. `session` is the one that events without a session id belong to; it must be a valid one. With `strict` an
    /// unknown key or a value that looks like a secret rejects the event. With `acceptsFuture` a time is not compared to the
    /// clock: that is for rows that were recorded elsewhere. `naming` holds the naming rules of the user's settings.
    package init(
        key: HashKey?, session: String, strict: Bool = false, acceptsFuture: Bool = false,
        naming: NamingSettings = .none, clock: any WallClock = SystemClock()
    ) {
        isStrict = strict
        self.naming = naming
        assembler = EventValidator(
            key: key, session: session, strict: strict, acceptsFuture: acceptsFuture, ignore: naming.ignore,
            clock: clock)
    }

    /// An intake that lives long: it takes key and naming rules of the data folder, now and whenever `refresh` finds others.
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

    /// Uses the key and the naming rules that the data folder has now; where the key was lost, names are left out from here
    /// on.
    package mutating func refresh() throws(HashKeyError) {
        if let naming = namingSource?.next() {
            self.naming = naming
            assembler.use(ignore: naming.ignore)
        }
        do throws(HashKeyError) {
            if case .key(let key)? = try keys?.next() { assembler.use(key) }
        } catch  where error.isOff {
            // Nothing of what is taken in now will be written.
        }
    }

    /// A copy of the encoded event, after an `accept` that did not throw.
    package var payload: [UInt8] { assembler.encoder.payload }

    /// Takes one line of NDJSON and hands the encoded event to `use`.
    package mutating func accept(line: Span<UInt8>, use: (Span<UInt8>) -> Void = { _ in }) throws(Rejection) {
        do throws(Rejection) {
            if decoder == nil { decoder = EventDecoder(strict: isStrict) }
            try decoder!.decode(line, into: &parsed)
            if parsed.shell.line != nil, let resolved = try resolved(in: line) {
                let text = resolved.text
                omissions = try assembler.assemble(resolved, text.span)
            } else if parsed.keepsText {
                let text = parsed.text
                omissions = try assembler.assemble(parsed, text.span)
            } else {
                omissions = try assembler.assemble(parsed, line)
            }
        } catch {
            throw counted(error)
        }
        countOmissions()
        droppedFields += parsed.unknownKeys
        assembler.withPayload(use)
    }

    /// Takes an event that was put together from a command's flags, and hands it, encoded, to `use`.
    package mutating func accept(
        _ parsed: ParsedEvent, use: (Span<UInt8>) -> Void = { _ in }
    ) throws(Rejection) {
        try accept(parsed, in: parsed.text.span, use: use)
    }

    /// Takes an event whose texts stand in `text`, and hands it, encoded, to `use`.
    package mutating func accept(
        _ parsed: ParsedEvent, in text: Span<UInt8>, use: (Span<UInt8>) -> Void = { _ in }
    ) throws(Rejection) {
        _ = try acceptSayingIfCut(parsed, in: text, use: use)
    }

    /// The same; returns whether the command was cut where its arguments begin.
    package mutating func acceptSayingIfCut(
        _ parsed: ParsedEvent, in text: Span<UInt8>, use: (Span<UInt8>) -> Void
    ) throws(Rejection) -> Bool {
        do throws(Rejection) {
            if let resolved = try parsed.resolvingShellLine(in: text, naming) {
                let text = resolved.text
                omissions = try assembler.assemble(resolved, text.span)
            } else {
                omissions = try assembler.assemble(parsed, text)
            }
        } catch {
            throw counted(error)
        }
        countOmissions()
        assembler.withPayload(use)
        return omissions.isCut
    }

    /// The decoded event with its shell line resolved.
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

    /// Counts a line that was too long to be looked at.
    package mutating func rejectTooLong() -> Rejection {
        counted(Rejection(.lineTooLong))
    }

    /// What was counted since the last call; nil when nothing was.
    package mutating func takeRejections() -> RejectionCounters? {
        rejections.count(.cutCommand, times: cutCommands)
        rejections.count(.droppedField, times: droppedFields)
        rejections.count(.redactedValue, times: redactedValues)
        (cutCommands, droppedFields, redactedValues) = (0, 0, 0)
        guard !rejections.isEmpty else { return nil }
        defer { rejections = RejectionCounters() }
        return rejections
    }

    /// Whether `text` can be a session id.
    package static func isSession(_ text: String) -> Bool {
        TextRules().flawOfSession(Array(text.utf8).span) == nil
    }

    private mutating func counted(_ rejection: Rejection) -> Rejection {
        rejections.count(.rejected(rejection.reason))
        return rejection
    }
}
