import Core
import TestSupport
import Testing

@Suite("The payload of an event")
struct EventRecordTests {
    private static let smallest = SampleEvent(numbers: EventNumbers(timestamp: -1), session: "s", type: "t")

    private static let largest: SampleEvent = {
        var event = SampleEvent(
            numbers: EventNumbers(
                timestamp: .max, durationMS: .min, success: false, servicesCount: .max, portsUsed: .max),
            session: String(repeating: "s", count: Limits.sessionBytes),
            type: String(repeating: "t", count: Limits.identifierBytes))
        event.workspaceHash = String(repeating: "a", count: Limits.hashCharacters)
        event.taskHash = String(repeating: "b", count: Limits.hashCharacters)
        event.command = String(repeating: "c", count: Limits.commandBytes)
        event.errorCategory = String(repeating: "e", count: Limits.identifierBytes)
        event.template = String(repeating: "m", count: Limits.identifierBytes)
        return event
    }()

    @Test("An encoded event is read back, with no field and with every field set", arguments: [smallest, largest])
    func extremes(event: SampleEvent) {
        let payload = event.payload

        let isEvent = EventRecord.isEvent(payload.span)
        #expect(isEvent)
        #expect(SampleEvent(payload: payload) == event)
        #expect(payload.count <= Limits.recordBytes)
    }

    @Test("Random events are read back unchanged, from one reused encoder")
    func randomEvents() {
        var generator = SeededGenerator(seed: 3)
        var encoder = EventEncoder()
        for _ in 0..<3000 {
            let event = SampleEvent.random(using: &generator)

            event.encode(with: &encoder)

            #expect(SampleEvent(payload: encoder.payload) == event)
            #expect(encoder.payload == event.payload)
        }
    }

    @Test("Success has three values: true, false and not known", arguments: [true, false, nil])
    func success(value: Bool?) {
        var event = Self.smallest
        event.numbers.success = value

        #expect(SampleEvent(payload: event.payload) == event)
    }

    @Test("The bytes are at the offsets of the format")
    func layout() {
        var event = SampleEvent(
            numbers: EventNumbers(timestamp: 0x0102_0304_0506_0708, durationMS: 9, success: true, portsUsed: 7),
            session: "ab", type: "cde")
        event.taskHash = String(repeating: "f", count: 32)
        event.template = "gh"

        let payload = event.payload

        #expect(payload[0..<8] == [1, 0b101_0111, 2, 3, 0, 0, 2, 0])
        #expect(payload[8..<16] == [8, 7, 6, 5, 4, 3, 2, 1])
        #expect(payload[16..<24] == [9, 0, 0, 0, 0, 0, 0, 0])
        #expect(payload[24..<32] == [0, 0, 0, 0, 7, 0, 0, 0])
        #expect(String(decoding: payload[32...], as: UTF8.self) == String(repeating: "f", count: 32) + "abcdegh")
    }

    @Test("A payload that is truncated or too long is not an event", arguments: [smallest, largest])
    func wrongLength(event: SampleEvent) {
        let payload = event.payload
        for count in 0..<payload.count {
            #expect(SampleEvent(payload: Array(payload.prefix(count))) == nil, "\(count) bytes")
        }
        #expect(SampleEvent(payload: payload + [0]) == nil)
    }

    @Test("An event without session or type, or of another kind, is not valid")
    func wrongContent() {
        var payload = Self.smallest.payload
        payload[0] = RejectionCounters.kind
        let withoutSession = SampleEvent(numbers: EventNumbers(timestamp: 0), session: "", type: "ab")
        let withoutType = SampleEvent(numbers: EventNumbers(timestamp: 0), session: "ab", type: "")

        #expect(SampleEvent(payload: payload) == nil)
        #expect(SampleEvent(payload: withoutSession.payload) == nil)
        #expect(SampleEvent(payload: withoutType.payload) == nil)
    }

    @Test("Random bytes never crash the reader, and an event that it finds is inside them")
    func randomBytes() {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<5000 {
            var bytes = (0..<Int.random(in: 0...400, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            if !bytes.isEmpty { bytes[0] = EventRecord.kind }
            guard let record = EventRecord(bytes.span) else { continue }
            #expect(record.templateUsed.upperBound == bytes.count)
        }
    }
}
