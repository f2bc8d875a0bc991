import Core
import Intake
import SystemSupport

/// The layout of a recorded event in memory until the worker takes it: fixed numbers followed by the raw texts.
/// Therefore recording only copies bytes. These bytes contain raw names, so they are never written to disk.
///
///     offset  size  what
///          0     4  length of the event, that is, of header and texts
///          4     1  flags: bit 0 success is known, 1 success, 2 duration, 3 services, 4 ports, 5 time is the end
///          8     8  time, milliseconds since 1970
///         16    16  duration in attoseconds; the worker converts it to milliseconds
///         32     8  services
///         40     8  ports
///         48    16  length of each text, 2 bytes each, in the order of `fields`; the last is the shell line's length
///         64        the texts, one after the other
enum PackedEvent {
    static let headerLength = 64
    /// Longest text that is kept, in bytes. It is one byte longer than the longest name, so that intake detects a text
    /// that is too long.
    private static let longestText = Limits.nameBytes + 1
    /// Longest packed event, in bytes.
    static let longest = headerLength + (fields.count + 1) * longestText

    private static let fields: [7 of EventField] = [
        .eventType, .command, .errorCategory, .workspace, .task, .templateUsed, .sessionID,
    ]

    private static func length(_ text: String?) -> Int {
        guard let text else { return 0 }
        return min(text.utf8.count, longestText)
    }

    /// Returns the number of bytes that `write` needs for an event.
    static func length(of event: borrowing TelemetryEvent) -> Int {
        headerLength &+ length(event.type) &+ length(event.command) &+ length(event.errorCategory)
            &+ length(event.workspace) &+ length(event.task) &+ length(event.template) &+ length(event.session)
            &+ length(event.shellLine?.packed)
    }

    /// Writes an event with the time `now` into `bytes` from `start` on. `length` is the result of `length(of:)`. The
    /// caller ensures that `bytes` has at least `length` bytes from `start` on.
    static func write(
        _ event: borrowing TelemetryEvent, at now: Int64, into bytes: inout [UInt8], at start: Int, length: Int
    ) {
        var flags: UInt64 = 0
        if let success = event.success { flags |= success ? 3 : 1 }
        if event.duration != nil { flags |= 4 }
        if event.services != nil { flags |= 8 }
        if event.ports != nil { flags |= 16 }
        if event.timestamp == nil { flags |= 32 }
        bytes.store(littleEndian: UInt64(length) | flags << 32, at: start)
        bytes.store(littleEndian: now, at: start + 8)
        bytes.store(littleEndian: event.duration?.attoseconds ?? 0, at: start + 16)
        bytes.store(littleEndian: event.services ?? 0, at: start + 32)
        bytes.store(littleEndian: event.ports ?? 0, at: start + 40)
        var writer = TextWriter(position: start + headerLength)
        writer.add(event.type, to: &bytes)
        writer.add(event.command, to: &bytes)
        writer.add(event.errorCategory, to: &bytes)
        writer.add(event.workspace, to: &bytes)
        bytes.store(littleEndian: writer.takeLengths(), at: start + 48)
        writer.add(event.task, to: &bytes)
        writer.add(event.template, to: &bytes)
        writer.add(event.session, to: &bytes)
        writer.add(event.shellLine?.packed, to: &bytes)
        bytes.store(littleEndian: writer.takeLengths(), at: start + 56)
    }

    /// Fills `parsed` from the event at `start`. The texts of `parsed` are ranges of `bytes`. Returns the offset of the
    /// next event.
    static func read(_ bytes: Span<UInt8>, at start: Int, into parsed: inout ParsedEvent) -> Int {
        parsed.reset(keepsText: false)
        let flags = bytes[start + 4]
        var time = Int64(bitPattern: bytes.uint64(at: start + 8))
        if flags & 1 != 0 { parsed.set(success: flags & 2 != 0) }
        if flags & 4 != 0 {
            let duration = milliseconds(bytes, at: start + 16)
            parsed.set(.durationMS, duration)
            // An event's time is its start. If the program gave no time, `time` is the time of recording, which is the
            // end of the event.
            if flags & 32 != 0, (0...Limits.durationMilliseconds).contains(duration) { time -= duration }
        }
        parsed.set(.timestamp, time)
        if flags & 8 != 0 { parsed.set(.servicesCount, Int64(bitPattern: bytes.uint64(at: start + 32))) }
        if flags & 16 != 0 { parsed.set(.portsUsed, Int64(bitPattern: bytes.uint64(at: start + 40))) }
        var position = start + headerLength
        for index in fields.indices {
            let place = start + 48 + index * 2
            let length = Int(bytes[place]) | Int(bytes[place + 1]) << 8
            parsed.setPlace(position..<position + length, of: fields[index])
            position += length
        }
        let length = Int(bytes[start + 62]) | Int(bytes[start + 63]) << 8
        if length > 0 { ShellLineRun.unpack(bytes, position..<position + length, into: &parsed) }
        return start + Int(bytes.uint32(at: start))
    }

    /// Returns a duration truncated to whole milliseconds. A negative duration stays negative, so that intake rejects
    /// it.
    private static func milliseconds(_ bytes: Span<UInt8>, at offset: Int) -> Int64 {
        let high = Int128(Int64(bitPattern: bytes.uint64(at: offset + 8)))
        let attoseconds = high << 64 | Int128(bytes.uint64(at: offset))
        return attoseconds < 0 ? -1 : Int64(clamping: attoseconds / 1_000_000_000_000_000)
    }

    /// Copies texts one after the other and collects their lengths, 16 bits each.
    private struct TextWriter {
        var position: Int
        private var lengths: UInt64 = 0
        private var shift: UInt64 = 0

        init(position: Int) {
            self.position = position
        }

        @inline(__always)
        mutating func add(_ text: String?, to bytes: inout [UInt8]) {
            if let text {
                let length = PackedEvent.length(text)
                let span = text.utf8.span
                bytes.store(span.extracting(first: length), at: position)
                position &+= length
                // A quote replaces the last byte of a truncated text. In a command, intake keeps no word with a quote,
                // so it never keeps a part of the word that was cut. In any other field it rejects a truncated text.
                if length == longestText { bytes[position - 1] = UInt8(ascii: "\"") }
                lengths |= UInt64(truncatingIfNeeded: length) << shift
            }
            shift &+= 16
        }

        mutating func takeLengths() -> UInt64 {
            defer { (lengths, shift) = (0, 0) }
            return lengths
        }
    }
}
