import SystemSupport

/// An accepted event between intake and the database: the payload of one record in the write-ahead buffer.
///
/// The payload contains names only as hashes. Numbers are little-endian.
///
///     offset  size  what
///          0     1  kind: 1
///          1     1  flags: bit 0 duration, 1 success is known, 2 success, 3 services, 4 ports, 5 workspace, 6 task
///          2     1  length of the session id, 1…64
///          3     1  length of the event type, 1…64
///          4     1  length of the command, 0…131; 0: none
///          5     1  length of the error category, 0…64; 0: none
///          6     1  length of the template, 0…64; 0: none
///          7     1  zero
///          8     8  time, milliseconds since 1970 UTC, signed
///         16     8  duration in milliseconds, signed; zero if bit 0 is not set
///         24     4  services; zero if bit 3 is not set
///         28     4  ports; zero if bit 4 is not set
///         32    32  workspace hash, hexadecimal digits; only if bit 5 is set
///                32  task hash, hexadecimal digits; only if bit 6 is set
///                    session id, event type, command, error category, template, one after the other
///
/// This type describes one such payload: its numbers, and the byte range of each text.
package struct EventRecord: Sendable {
    package static let kind: UInt8 = 1
    static let headerLength = 32

    package let timestamp: Int64
    package let durationMS: Int64?
    package let success: Bool?
    package let servicesCount: UInt32?
    package let portsUsed: UInt32?
    /// The byte range of the workspace hash in the payload; empty if the event has no workspace.
    package let workspaceHash: Range<Int>
    /// The byte range of the task hash; empty if the event has no task.
    package let taskHash: Range<Int>
    package let sessionID: Range<Int>
    package let eventType: Range<Int>
    /// The byte range of the command; empty if the event has no command.
    package let command: Range<Int>
    /// The byte range of the error category; empty if the event has no error category.
    package let errorCategory: Range<Int>
    /// The byte range of the template; empty if the event has no template.
    package let templateUsed: Range<Int>

    /// Whether `payload` is the payload of an event and not of another kind of record.
    package static func isEvent(_ payload: Span<UInt8>) -> Bool {
        payload.count > headerLength && payload[0] == kind
    }

    /// Reads the payload of an event. Nil if `payload` is not an event, or if its lengths do not add up. The caller has
    /// verified the record's checksum. Therefore wrong lengths mean a bug in the program that wrote the record.
    @inlinable
    package init?(_ payload: Span<UInt8>) {
        guard Self.isEvent(payload) else { return nil }
        let lengths = payload.uint64(at: 0)
        let flags = Flags(rawValue: UInt8(truncatingIfNeeded: lengths >> 8))
        var end = Self.textStart
        @inline(__always) func take(_ count: Int) -> Range<Int> {
            defer { end &+= count }
            return end..<(end &+ count)
        }
        workspaceHash = take(flags.contains(.workspace) ? Limits.hashCharacters : 0)
        taskHash = take(flags.contains(.task) ? Limits.hashCharacters : 0)
        sessionID = take(Int(lengths >> 16 & 0xFF))
        eventType = take(Int(lengths >> 24 & 0xFF))
        command = take(Int(lengths >> 32 & 0xFF))
        errorCategory = take(Int(lengths >> 40 & 0xFF))
        templateUsed = take(Int(lengths >> 48 & 0xFF))
        guard end == payload.count, !sessionID.isEmpty, !eventType.isEmpty else { return nil }
        timestamp = Int64(bitPattern: payload.uint64(at: 8))
        durationMS = flags.contains(.duration) ? Int64(bitPattern: payload.uint64(at: 16)) : nil
        success = flags.contains(.successKnown) ? flags.contains(.success) : nil
        servicesCount = flags.contains(.services) ? payload.uint32(at: 24) : nil
        portsUsed = flags.contains(.ports) ? payload.uint32(at: 28) : nil
    }

    /// Whether time and duration are within the limits of intake. Nexus writes only numbers within the limits, so a
    /// record with a number outside them was written by another program.
    package var isWithinLimits: Bool {
        timestamp >= Limits.earliestTimestamp && timestamp <= Limits.latestTimestamp
            && (durationMS ?? 0) >= 0 && (durationMS ?? 0) <= Limits.durationMilliseconds
    }

    @usableFromInline static let textStart = 32

    @usableFromInline
    package struct Flags: OptionSet {
        package let rawValue: UInt8
        @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }

        @inlinable package static var duration: Flags { Flags(rawValue: 1 << 0) }
        @inlinable package static var successKnown: Flags { Flags(rawValue: 1 << 1) }
        @inlinable package static var success: Flags { Flags(rawValue: 1 << 2) }
        @inlinable package static var services: Flags { Flags(rawValue: 1 << 3) }
        @inlinable package static var ports: Flags { Flags(rawValue: 1 << 4) }
        @inlinable package static var workspace: Flags { Flags(rawValue: 1 << 5) }
        @inlinable package static var task: Flags { Flags(rawValue: 1 << 6) }
    }
}

/// The numbers of an event, which `EventEncoder.begin` encodes. The caller then appends the texts one by one.
package struct EventNumbers: Sendable, Equatable {
    package var timestamp: Int64
    package var durationMS: Int64?
    package var success: Bool?
    package var servicesCount: UInt32?
    package var portsUsed: UInt32?

    @inlinable
    package init(
        timestamp: Int64, durationMS: Int64? = nil, success: Bool? = nil, servicesCount: UInt32? = nil,
        portsUsed: UInt32? = nil
    ) {
        self.timestamp = timestamp
        self.durationMS = durationMS
        self.success = success
        self.servicesCount = servicesCount
        self.portsUsed = portsUsed
    }
}

/// Writes the payload that `EventRecord` reads. The caller appends the event's texts in the order of the format and
/// skips missing texts. One encoder can encode all events of a stream; encoding allocates no memory.
package struct EventEncoder: Sendable {
    /// A buffer with the size of the longest payload. Its first `length` bytes are the current payload.
    private var room = [UInt8](repeating: 0, count: Limits.recordBytes)
    private var length = 0
    private var header: UInt64 = 0

    package init() {}

    /// A copy of the payload, complete after `finish`.
    package var payload: [UInt8] { Array(room[..<length]) }

    /// Passes the payload to `use` without a copy. The payload is complete after `finish`. The method is mutating
    /// because a nonmutating method would copy the bytes.
    package mutating func withPayload(_ use: (Span<UInt8>) -> Void) {
        use(room.span.extracting(0..<length))
    }

    /// Starts an event.
    package mutating func begin(_ numbers: EventNumbers) {
        var flags: EventRecord.Flags = []
        if numbers.durationMS != nil { flags.insert(.duration) }
        if let success = numbers.success { flags.formUnion(success ? [.successKnown, .success] : .successKnown) }
        if numbers.servicesCount != nil { flags.insert(.services) }
        if numbers.portsUsed != nil { flags.insert(.ports) }
        header = UInt64(EventRecord.kind) | UInt64(flags.rawValue) << 8
        room.store(littleEndian: numbers.timestamp, at: 8)
        room.store(littleEndian: numbers.durationMS ?? 0, at: 16)
        room.store(littleEndian: UInt64(numbers.servicesCount ?? 0) | UInt64(numbers.portsUsed ?? 0) << 32, at: 24)
        length = EventRecord.headerLength
    }

    package mutating func appendWorkspace(hash: Span<UInt8>) { appendHash(hash, .workspace) }
    package mutating func appendTask(hash: Span<UInt8>) { appendHash(hash, .task) }
    package mutating func appendSession(_ text: Span<UInt8>) { appendText(text, lengthAt: 2) }
    package mutating func appendType(_ text: Span<UInt8>) { appendText(text, lengthAt: 3) }
    package mutating func appendCommand(_ text: Span<UInt8>) { appendText(text, lengthAt: 4) }
    package mutating func appendErrorCategory(_ text: Span<UInt8>) { appendText(text, lengthAt: 5) }
    package mutating func appendTemplate(_ text: Span<UInt8>) { appendText(text, lengthAt: 6) }

    /// Writes flags and lengths, and thereby completes the payload.
    package mutating func finish() {
        room.store(littleEndian: header, at: 0)
    }

    @inline(__always)
    private mutating func appendHash(_ hash: Span<UInt8>, _ flag: EventRecord.Flags) {
        precondition(hash.count == Limits.hashCharacters)
        header |= UInt64(flag.rawValue) << 8
        append(hash)
    }

    @inline(__always)
    private mutating func appendText(_ text: Span<UInt8>, lengthAt index: UInt64) {
        precondition(text.count <= UInt8.max)
        header |= UInt64(text.count) << (index * 8)
        append(text)
    }

    @inline(__always)
    private mutating func append(_ bytes: Span<UInt8>) {
        room.store(bytes, at: length)
        length += bytes.count
    }
}

/// The fields that an event can have in a line of NDJSON.
///
/// Without `@usableFromInline`, other modules could not access any member of this type.
@usableFromInline
package enum EventField: CaseIterable, Sendable {
    case timestamp, sessionID, eventType, workspace, workspaceHash, task, taskHash, command, durationMS, success
    case errorCategory, templateUsed, servicesCount, portsUsed

    /// The key in a line of NDJSON.
    package var key: String {
        switch self {
        case .timestamp: "timestamp"
        case .sessionID: "session_id"
        case .eventType: "event_type"
        case .workspace: "workspace"
        case .workspaceHash: "workspace_hash"
        case .task: "task"
        case .taskHash: "task_hash"
        case .command: "command"
        case .durationMS: "duration_ms"
        case .success: "success"
        case .errorCategory: "error_category"
        case .templateUsed: "template_used"
        case .servicesCount: "services_count"
        case .portsUsed: "ports_used"
        }
    }
}
