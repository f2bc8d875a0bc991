extension LineWriter {
    /// Adds an event as comma-separated values; the first field, the row number of the table, stays empty.
    mutating func appendRow(_ event: Event) {
        bytes.append(comma)
        appendTime(event, separator: UInt8(ascii: " "))
        bytes.append(comma)
        appendSession(event.session)
        bytes.append(comma)
        bytes.append(names.kinds[event.kind.rawValue])
        appendField(event.workspace, from: names.workspaces)
        appendField(event.task, from: names.tasks)
        appendField(event.command, from: names.commands)
        appendField(event.duration)
        appendField(event.success.map { $0 ? 1 : 0 })
        appendField(event.errorCategory, from: names.errorCategories)
        appendField(event.serviceUse?.template, from: names.templates)
        appendField(event.serviceUse?.services)
        appendField(event.serviceUse?.ports)
        bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func appendField(_ place: Int?, from list: [[UInt8]]) {
        bytes.append(comma)
        if let place { bytes.append(list[place]) }
    }

    private mutating func appendField(_ number: Int?) {
        bytes.append(comma)
        if let number { bytes.append(decimal: number) }
    }
}

private let comma = UInt8(ascii: ",")
