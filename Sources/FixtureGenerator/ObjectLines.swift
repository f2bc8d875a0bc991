extension LineWriter {
    /// Adds an event as a JSON object; keys that do not apply are left out.
    mutating func appendObject(_ event: Event) {
        bytes.append(ObjectText.timestamp)
        appendTime(event, separator: UInt8(ascii: "T"))
        bytes.append(ObjectText.session)
        appendSession(event.session)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(names.kinds[event.kind.rawValue])
        if let workspace = event.workspace { bytes.append(names.workspaces[workspace]) }
        if let task = event.task { bytes.append(names.tasks[task]) }
        if let command = event.command { bytes.append(names.commands[command]) }
        if let duration = event.duration {
            bytes.append(ObjectText.duration)
            bytes.append(decimal: duration)
        }
        if let success = event.success { bytes.append(success ? ObjectText.succeeded : ObjectText.failed) }
        if let category = event.errorCategory { bytes.append(names.errorCategories[category]) }
        if let use = event.serviceUse { appendMembers(use) }
        bytes.append(UInt8(ascii: "}"))
        bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func appendMembers(_ use: ServiceUse) {
        bytes.append(names.templates[use.template])
        bytes.append(ObjectText.services)
        bytes.append(decimal: use.services)
        bytes.append(ObjectText.ports)
        bytes.append(decimal: use.ports)
    }
}

/// The parts of an object that are the same on every line.
private enum ObjectText {
    static let timestamp = Array("{\"timestamp\":\"".utf8)
    static let session = Array("Z\",\"session_id\":\"".utf8)
    static let duration = Array(",\"duration_ms\":".utf8)
    static let succeeded = Array(",\"success\":true".utf8)
    static let failed = Array(",\"success\":false".utf8)
    static let services = Array(",\"services_count\":".utf8)
    static let ports = Array(",\"ports_used\":".utf8)
}
