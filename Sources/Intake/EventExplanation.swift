package import Core
import SystemSupport

/// Explains the result of one line of NDJSON, field by field. The line passes through the same intake as recorded
/// lines. The explained values are read from the encoded event. Nothing is written.
package struct EventExplanation: Sendable {
    /// The result for a JSON key and its value.
    package enum Fate: String, Sendable {
        case stored, hashed, cut, redacted, dropped, refused
    }

    /// One JSON key of the line, and the result for its value.
    package struct Part: Sendable {
        package let key: String
        package let fate: Fate
        /// The value that would be stored; nil if no value would be stored. Two values are unknown and therefore nil: a
        /// hash if no hash key exists yet, and the id of the default session.
        package let stored: String?
        /// The rule that decides the result.
        package let rule: PrivacyRule
    }

    /// The reason why the event would be rejected as a whole; nil when it would be recorded.
    package private(set) var rejection: Rejection?
    /// Whether the line is a JSON object. False also for a line that is too long.
    package private(set) var isObject = false
    /// The JSON keys in the order of the line. Empty if the line is not a JSON object or is too long.
    package private(set) var parts: [Part] = []

    /// Explains a line by the privacy rules and by the naming rules of the user's settings. If `key` is nil, hashes are
    /// not shown. If `strict` is true, an unknown JSON key, or a value that looks like a secret, rejects the line.
    package init(line: [UInt8], key: HashKey?, strict: Bool = false, naming: NamingSettings = .none) {
        var intake = EventIntake(key: key ?? Self.anyKey, session: "session", strict: strict, naming: naming)
        guard line.count <= Limits.lineBytes else {
            rejection = intake.rejectTooLong()
            return
        }
        do throws(Rejection) { try intake.accept(line: line.span) } catch { rejection = error }
        guard case .object(let members)? = JSONValue(line) else { return }
        isObject = true
        let payload = intake.payload
        let record = rejection == nil ? EventRecord(payload.span) : nil
        let omissions = intake.omissions
        parts = members.map { member in
            guard let field = EventField.allCases.first(where: { $0.key == member.key }) else {
                if let shellKey = ShellKey(Array(member.key.utf8).span) {
                    return Self.explain(shellKey, record, payload)
                }
                let fate: Fate = rejection?.reason == .unknownKey ? .refused : .dropped
                return Part(key: member.key, fate: fate, stored: nil, rule: .unknownKey)
            }
            if record != nil, omissions.isRedacted(field) {
                // The id of the default session replaces the redacted session id. The default session is unknown here.
                let stored = field == .sessionID ? nil : record.flatMap { Self.text(of: field, in: $0, payload) }
                return Part(key: member.key, fate: .redacted, stored: stored, rule: Self.secretRule(of: member.value))
            }
            return Self.explain(field, member.value, record, payload, rejection, hasKey: key != nil)
        }
    }

    /// The key for an explanation while no hash key exists. Hashes that are computed with it are never shown.
    private static let anyKey = HashKey(bytes: [UInt8](repeating: 0, count: HashKey.length))

    private static func explain(
        _ field: EventField, _ value: JSONValue, _ record: EventRecord?, _ payload: [UInt8], _ rejection: Rejection?,
        hasKey: Bool
    ) -> Part {
        let rule = PrivacyRule.keeping(field)
        guard let record else {
            let isCause = rejection?.field == field
            return Part(
                key: field.key, fate: .refused, stored: nil, rule: isCause ? cause(rejection, value, rule) : rule)
        }
        let stored = text(of: field, in: record, payload)
        switch field {
        case .workspace, .task:
            return Part(
                key: field.key, fate: stored == nil ? .dropped : .hashed, stored: hasKey ? stored : nil, rule: rule)
        case .command:
            guard case .string(let given) = value, given != stored else { break }
            return Part(key: field.key, fate: .cut, stored: stored, rule: rule)
        default: break
        }
        // An empty text or null counts as no value, so it is dropped.
        return Part(key: field.key, fate: stored == nil ? .dropped : .stored, stored: stored, rule: rule)
    }

    /// Explains a JSON key that describes a shell line. The line itself is reduced to a command's name. The values of
    /// the other `ShellKey` cases are dropped, because they only help to interpret the line.
    private static func explain(_ key: ShellKey, _ record: EventRecord?, _ payload: [UInt8]) -> Part {
        guard let record else { return Part(key: key.rawValue, fate: .refused, stored: nil, rule: .shellLine) }
        let name = key == .line ? text(of: .command, in: record, payload) : nil
        return Part(key: key.rawValue, fate: name == nil ? .dropped : .cut, stored: name, rule: .shellLine)
    }

    /// Returns the rule that rejected a field.
    private static func cause(_ rejection: Rejection?, _ value: JSONValue, _ rule: PrivacyRule) -> PrivacyRule {
        rejection?.reason == .looksSecret ? secretRule(of: value) : rule
    }

    /// Returns the rule by which a value looks like a secret.
    private static func secretRule(of value: JSONValue) -> PrivacyRule {
        guard case .string(let text) = value else { return .randomText }
        let secrets = SecretRules()
        let hasToken = text.split(separator: " ").contains { secrets.hasToken(Array($0.utf8).span) }
        return hasToken ? .knownToken : .randomText
    }

    private static func text(of field: EventField, in record: EventRecord, _ payload: [UInt8]) -> String? {
        func text(_ range: Range<Int>) -> String? {
            range.isEmpty ? nil : String(decoding: payload[range], as: UTF8.self)
        }
        return switch field {
        case .timestamp: Timestamp.databaseText(record.timestamp)
        case .sessionID: text(record.sessionID)
        case .eventType: text(record.eventType)
        case .workspace, .workspaceHash: text(record.workspaceHash)
        case .task, .taskHash: text(record.taskHash)
        case .command: text(record.command)
        case .durationMS: record.durationMS.map { String($0) }
        case .success: record.success.map { String($0) }
        case .errorCategory: text(record.errorCategory)
        case .templateUsed: text(record.templateUsed)
        case .servicesCount: record.servicesCount.map { String($0) }
        case .portsUsed: record.portsUsed.map { String($0) }
        }
    }
}
