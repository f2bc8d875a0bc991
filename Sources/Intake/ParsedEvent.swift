package import Core

/// An event as the input gave it: only its structure is checked. For example, the decoder fills a parsed event from a
/// line, and a command fills it from flags. The validator then checks the values. A parsed event contains raw names and
/// exists in memory only.
package struct ParsedEvent: Sendable {
    /// The range of a text: in `text` if the parsed event keeps its own texts, otherwise in bytes of the caller.
    struct Place: Sendable {
        var start: Int32 = 0
        var end: Int32 = 0

        var range: Range<Int> { Int(start)..<Int(end) }
    }

    /// The texts that the parsed event keeps, concatenated; empty if `keepsText` is false.
    private(set) var text: [UInt8] = []
    /// Whether ranges refer to `text` and not to bytes of the caller.
    private(set) var keepsText: Bool
    private var places: [14 of Place] = .init(repeating: Place())
    private var present: UInt16 = 0
    private var seen: UInt16 = 0
    /// The time in milliseconds since 1970; nil if no time was given, or if it was given as a text.
    private(set) var timestamp: Int64?
    private(set) var durationMS: Int64?
    private(set) var servicesCount: Int64?
    private(set) var portsUsed: Int64?
    var success: Bool?
    var unknownKeys = 0
    /// The time since the event began, in milliseconds, for an event without a given time. A shell line is recorded
    /// when it ends, so its start is computed from this value.
    var elapsedMS: Int64 = 0
    /// The description of a shell line.
    var shell = ShellFields()

    /// A parsed event that keeps its own texts.
    package init() {
        keepsText = true
    }

    /// Resets the event. With `keepsText` the parsed event keeps its own texts; otherwise ranges refer to bytes of the
    /// caller.
    package mutating func reset(keepsText: Bool) {
        text.removeAll(keepingCapacity: true)
        self.keepsText = keepsText
        present = 0
        seen = 0
        timestamp = nil
        durationMS = nil
        servicesCount = nil
        portsUsed = nil
        success = nil
        unknownKeys = 0
        elapsedMS = 0
        if !shell.isEmpty { shell = ShellFields() }
    }

    /// Marks a field as seen; returns false if it was marked before.
    @inline(__always)
    mutating func markSeen(_ field: EventField) -> Bool {
        let bit: UInt16 = 1 << UInt16(field.index)
        defer { seen |= bit }
        return seen & bit == 0
    }

    /// Returns the range of a field's text; nil when the field has no text. An empty text counts as no text, because
    /// scripts pass empty variables.
    @inline(__always)
    func place(_ field: EventField) -> Range<Int>? {
        present & (1 << UInt16(field.index)) == 0 ? nil : places[field.index].range
    }

    /// Sets the range of a field's text: in `text` if the parsed event keeps its own texts, otherwise in bytes of the
    /// caller.
    @inline(__always)
    package mutating func setPlace(_ range: Range<Int>, of field: EventField) {
        guard !range.isEmpty else { return }
        places[field.index] = Place(start: Int32(range.lowerBound), end: Int32(range.upperBound))
        present |= 1 << UInt16(field.index)
    }

    /// Adds bytes to the parsed event's own text.
    mutating func appendText(_ bytes: some Sequence<UInt8>) {
        text.append(contentsOf: bytes)
    }

    /// Sets the text of a field. The parsed event keeps the text.
    package mutating func set(_ field: EventField, _ value: String) {
        precondition(keepsText)
        let start = text.count
        text.append(contentsOf: value.utf8)
        setPlace(start..<text.count, of: field)
    }

    package mutating func set(success: Bool) {
        self.success = success
    }

    /// Sets the time from the value of a flag: milliseconds since 1970, or a text that intake validates.
    package mutating func set(timestamp text: String) {
        if let milliseconds = Int64(text) { set(.timestamp, milliseconds) } else { set(.timestamp, text) }
    }

    /// Sets the number of a field, which must be a field with a number.
    package mutating func set(_ field: EventField, _ number: Int64) {
        switch field {
        case .timestamp: timestamp = number
        case .durationMS: durationMS = number
        case .servicesCount: servicesCount = number
        case .portsUsed: portsUsed = number
        default: preconditionFailure("\(field.key) takes no number")
        }
    }
}

extension Int64 {
    /// Rounds a decimal number of milliseconds to the nearest whole number. Nil if `text` is not a number, or if the
    /// number exceeds 64 bits.
    package init?(roundingMilliseconds text: String) {
        if let number = Int64(text) {
            self = number
        } else if let number = Double(text), let value = Int64(exactly: number.rounded()) {
            self = value
        } else {
            return nil
        }
    }
}

extension EventField {
    /// The index in `allCases`. Each event needs about forty look-ups. The switch is in this module, so that the
    /// compiler can inline it.
    @inline(__always) var index: Int {
        switch self {
        case .timestamp: 0
        case .sessionID: 1
        case .eventType: 2
        case .workspace: 3
        case .workspaceHash: 4
        case .task: 5
        case .taskHash: 6
        case .command: 7
        case .durationMS: 8
        case .success: 9
        case .errorCategory: 10
        case .templateUsed: 11
        case .servicesCount: 12
        case .portsUsed: 13
        }
    }
}
