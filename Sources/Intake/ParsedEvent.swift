package import Core

/// An event as it was given, its shape checked and nothing else: what the decoder or a command's flags hand to the
/// validator. Raw names are in it; it lives in memory only.
package struct ParsedEvent: Sendable {
    /// A text's place: in the line that was decoded, or in `text` when the parsed event keeps its own.
    struct Place: Sendable {
        var start: Int32 = 0
        var end: Int32 = 0

        var range: Range<Int> { Int(start)..<Int(end) }
    }

    /// The texts, one behind the other, when they do not stand in a line as they are.
    private(set) var text: [UInt8] = []
    /// Whether places refer to `text`.
    private(set) var keepsText: Bool
    private var places: [14 of Place] = .init(repeating: Place())
    private var present: UInt16 = 0
    private var seen: UInt16 = 0
    /// Numbers that were given as such.
    private(set) var timestamp: Int64?
    private(set) var durationMS: Int64?
    private(set) var servicesCount: Int64?
    private(set) var portsUsed: Int64?
    var success: Bool?
    var unknownKeys = 0
    /// How long ago it began, in milliseconds, where no time is given: a shell line is recorded at its end.
    var elapsedMS: Int64 = 0
    /// What is said of a shell line.
    var shell = ShellFields()

    /// A parsed event that keeps its own texts.
    package init() {
        keepsText = true
    }

    /// Starts afresh. With `keepsText` the parsed event keeps its own texts; otherwise places refer to bytes of the caller's.
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

    /// Notes that a field was named; false when it was before.
    @inline(__always)
    mutating func markSeen(_ field: EventField) -> Bool {
        let bit: UInt16 = 1 << UInt16(field.index)
        defer { seen |= bit }
        return seen & bit == 0
    }

    /// Where the text of a field stands; nil when it has none. An empty text is none: scripts pass empty variables.
    @inline(__always)
    func place(_ field: EventField) -> Range<Int>? {
        present & (1 << UInt16(field.index)) == 0 ? nil : places[field.index].range
    }

    /// Sets a text that stands in the decoded line, or in other bytes of the caller's.
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

    /// Sets a text that the parsed event keeps.
    package mutating func set(_ field: EventField, _ value: String) {
        precondition(keepsText)
        let start = text.count
        text.append(contentsOf: value.utf8)
        setPlace(start..<text.count, of: field)
    }

    package mutating func set(success: Bool) {
        self.success = success
    }

    /// Sets the time from the value of a flag: milliseconds since 1970, or a text for intake to judge.
    package mutating func set(timestamp text: String) {
        if let milliseconds = Int64(text) { set(.timestamp, milliseconds) } else { set(.timestamp, text) }
    }

    /// Sets a number; only fields that take one.
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
    /// The whole number nearest to a decimal number of milliseconds; nil when `text` is none or is beyond 64 bits.
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
    /// The place in `allCases`. Spelled out, and in this module, so that it costs nothing: some forty look-ups an event go by
    /// it.
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
