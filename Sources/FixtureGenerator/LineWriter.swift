import Core
import SystemSupport

/// The format of a line.
enum LineFormat {
    /// One JSON object a line, as the recorder reads it.
    case json
    /// Comma-separated values without a header, in the column order of the event table.
    case csv
}

/// Turns events into lines and sends them to standard output in large blocks.
///
/// Every name is converted to bytes once, before the first line. Writing a line then only copies bytes.
struct LineWriter {
    /// A block is written as soon as it holds this many bytes.
    private static let blockSize = 1 << 17

    /// The lines that have not been written yet.
    private var bytes: [UInt8] = []
    /// The catalogue's names as bytes in the chosen format.
    private let names: RenderedNames
    private let format: LineFormat
    private var formatter = TimestampFormatter()

    /// Creates a writer for events whose names are indices into `catalogue`.
    init(format: LineFormat, catalogue: Catalogue) {
        self.format = format
        names = RenderedNames(format: format, catalogue: catalogue)
    }

    /// Adds one line.
    mutating func write(_ event: Event) throws(SystemError) {
        switch format {
        case .json: appendObject(event)
        case .csv: appendRow(event)
        }
        if bytes.count >= Self.blockSize { try finish() }
    }

    /// Writes the remaining bytes. The caller must call this after the last event.
    mutating func finish() throws(SystemError) {
        try File.standardOutput.write(bytes.span)
        bytes.removeAll(keepingCapacity: true)
    }

    /// Adds the time of an event, such as 2026-11-23T09:30:00.250, with `separator` between the date and the hours.
    private mutating func appendTime(_ event: Event, separator: UInt8) {
        var text: [23 of UInt8] = .init(repeating: 0)
        var span = text.mutableSpan
        formatter.write(Int64(event.day) * Timestamp.millisecondsPerDay + Int64(event.millisecond), into: &span)
        text[10] = separator
        bytes.append(text.span)
    }

    // MARK: JSON

    /// Adds an event as a JSON object. Properties that are nil are left out.
    private mutating func appendObject(_ event: Event) {
        bytes.append(#"{"timestamp":""#.utf8.span)
        appendTime(event, separator: UInt8(ascii: "T"))
        bytes.append(#"Z","session_id":""#.utf8.span)
        bytes.append(sessionName: event.session)
        bytes.append(UInt8(ascii: "\""))
        bytes += names.kinds[event.kind.rawValue]
        if let workspace = event.workspace { bytes += names.workspaces[workspace] }
        if let task = event.task { bytes += names.tasks[task] }
        if let command = event.command { bytes += names.commands[command] }
        appendMember(#","duration_ms":"#, event.duration)
        if let success = event.success {
            bytes.append((success ? #","success":true"# : #","success":false"#).utf8.span)
        }
        if let category = event.errorCategory { bytes += names.errorCategories[category] }
        if let use = event.serviceUse {
            bytes += names.templates[use.template]
            appendMember(#","services_count":"#, use.services)
            appendMember(#","ports_used":"#, use.ports)
        }
        bytes.append("}\n".utf8.span)
    }

    private mutating func appendMember(_ key: String, _ number: Int?) {
        guard let number else { return }
        bytes.append(key.utf8.span)
        bytes.append(decimal: Int64(number))
    }

    // MARK: CSV

    /// Adds an event as comma-separated values. The first field is for the row id and stays empty.
    private mutating func appendRow(_ event: Event) {
        bytes.append(UInt8(ascii: ","))
        appendTime(event, separator: UInt8(ascii: " "))
        bytes.append(UInt8(ascii: ","))
        bytes.append(sessionName: event.session)
        appendField(event.kind.rawValue, from: names.kinds)
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
        bytes.append(UInt8(ascii: ","))
        if let place { bytes += list[place] }
    }

    private mutating func appendField(_ number: Int?) {
        bytes.append(UInt8(ascii: ","))
        if let number { bytes.append(decimal: Int64(number)) }
    }
}

extension [UInt8] {
    /// Adds the name of a session: `s-` and eight hexadecimal digits.
    fileprivate mutating func append(sessionName session: SessionName) {
        append("s-".utf8.span)
        append(hexadecimal: UInt64(session.bits), digits: 8)
    }

    /// Adds the last `digits` hexadecimal digits of a word, in lower case.
    mutating func append(hexadecimal word: UInt64, digits: Int) {
        for place in (0..<digits).reversed() {
            let digit = UInt8(truncatingIfNeeded: word >> UInt64(place * 4)) & 15
            append(digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
        }
    }
}
