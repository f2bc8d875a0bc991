import Core

/// An event with its texts as such, to compare with what is read back.
struct SampleEvent: Equatable {
    var numbers: EventNumbers
    var workspaceHash: String?
    var taskHash: String?
    var session: String
    var type: String
    var command = ""
    var errorCategory = ""
    var template = ""

    init(numbers: EventNumbers, session: String, type: String) {
        self.numbers = numbers
        self.session = session
        self.type = type
    }

    /// What a payload says; nil when it is no event.
    init?(payload: [UInt8]) {
        guard let record = EventRecord(payload.span) else { return nil }
        func text(_ range: Range<Int>) -> String { String(decoding: payload[range], as: UTF8.self) }
        numbers = EventNumbers(
            timestamp: record.timestamp, durationMS: record.durationMS, success: record.success,
            servicesCount: record.servicesCount, portsUsed: record.portsUsed)
        workspaceHash = record.workspaceHash.isEmpty ? nil : text(record.workspaceHash)
        taskHash = record.taskHash.isEmpty ? nil : text(record.taskHash)
        session = text(record.sessionID)
        type = text(record.eventType)
        command = text(record.command)
        errorCategory = text(record.errorCategory)
        template = text(record.templateUsed)
    }

    /// The payload as the encoder writes it.
    var payload: [UInt8] {
        var encoder = EventEncoder()
        encode(with: &encoder)
        return encoder.payload
    }

    func encode(with encoder: inout EventEncoder) {
        encoder.begin(numbers)
        if let workspaceHash { encoder.appendWorkspace(hash: workspaceHash.utf8.span) }
        if let taskHash { encoder.appendTask(hash: taskHash.utf8.span) }
        encoder.appendSession(session.utf8.span)
        encoder.appendType(type.utf8.span)
        if !command.isEmpty { encoder.appendCommand(command.utf8.span) }
        if !errorCategory.isEmpty { encoder.appendErrorCategory(errorCategory.utf8.span) }
        if !template.isEmpty { encoder.appendTemplate(template.utf8.span) }
        encoder.finish()
    }

    /// Any event, each part of it there or not.
    static func random(using generator: inout some RandomNumberGenerator) -> SampleEvent {
        func maybe<Value>(_ value: Value) -> Value? { Bool.random(using: &generator) ? value : nil }
        func text(_ alphabet: String, _ length: Int) -> String {
            String((0..<length).map { _ in alphabet.randomElement(using: &generator) ?? "0" })
        }
        func word(upTo limit: Int) -> String {
            text("abcxyzABC0189._-", Int.random(in: 1...limit, using: &generator))
        }
        var event = SampleEvent(
            numbers: EventNumbers(
                timestamp: Int64.random(in: .min ... .max, using: &generator),
                durationMS: maybe(Int64.random(in: 0...Limits.durationMilliseconds, using: &generator)),
                success: maybe(Bool.random(using: &generator)),
                servicesCount: maybe(UInt32.random(in: .min ... .max, using: &generator)),
                portsUsed: maybe(UInt32.random(in: .min ... .max, using: &generator))),
            session: word(upTo: Limits.sessionBytes), type: word(upTo: Limits.identifierBytes))
        event.workspaceHash = maybe(text("0123456789abcdef", Limits.hashCharacters))
        event.taskHash = maybe(text("0123456789abcdef", Limits.hashCharacters))
        event.command = maybe(word(upTo: Limits.commandBytes)) ?? ""
        event.errorCategory = maybe(word(upTo: Limits.identifierBytes)) ?? ""
        event.template = maybe(word(upTo: Limits.identifierBytes)) ?? ""
        return event
    }
}
