import Core
import SystemSupport

/// Decodes the keys that describe a shell line. A value of the wrong type is dropped and counted like a value of an
/// unknown key. In strict mode such a value rejects the line.
extension EventDecoder {
    /// Returns the current key if it describes a shell line; nil for any other key. In the first pass of `decode`, it
    /// also returns nil for a key with escapes. The second pass unescapes such a key.
    func shellKey(
        _ line: Span<UInt8>, _ key: Range<Int>, isPlain: Bool, _ start: Int, _ parsed: borrowing ParsedEvent
    ) throws(Rejection) -> ShellKey? {
        if isPlain { return ShellKey(line.extracting(key)) }
        guard parsed.keepsText else { return nil }
        var scanner = scanner
        scanner.position = start
        var text: [UInt8] = []
        try scanner.unescapeString(line, into: &text)
        return ShellKey(text.span)
    }

    /// Reads the value of a key that describes a shell line.
    mutating func decodeValue(
        of key: ShellKey, at start: Int, _ line: Span<UInt8>, into parsed: inout ParsedEvent
    ) throws(Rejection) {
        guard parsed.shell.markSeen(key) else { throw Rejection(.duplicateKey, column: start + 1) }
        let first = try scanner.peek(line)
        if first == UInt8(ascii: "n") { return try scanner.expectWord("null", line) }
        switch (key, first) {
        case (.line, UInt8(ascii: "\"")):
            parsed.shell.line = try textRange(line, into: &parsed)
        case (.shell, UInt8(ascii: "\"")):
            let range = try textRange(line, into: &parsed)
            if parsed.keepsText {
                let text = parsed.text
                parsed.shell.setShell(text.span.extracting(range))
            } else {
                parsed.shell.setShell(line.extracting(range))
            }
        case (.part, UInt8(ascii: "0")...UInt8(ascii: "9")), (.status, UInt8(ascii: "0")...UInt8(ascii: "9")):
            guard let number = try smallNumber(line) else { return try drop(start, &parsed) }
            if key == .part { parsed.shell.part = number } else { parsed.shell.status = number }
        case (.folderChanged, UInt8(ascii: "t")), (.folderChanged, UInt8(ascii: "f")):
            parsed.shell.folderChanged = first == UInt8(ascii: "t")
            try skipValue(line, depth: 1)
        case (.gitRoot, UInt8(ascii: "t")), (.gitRoot, UInt8(ascii: "f")):
            parsed.shell.isGitRoot = first == UInt8(ascii: "t")
            try skipValue(line, depth: 1)
        case (.pipeStatus, UInt8(ascii: "[")):
            try decodeStatuses(line, start, into: &parsed)
        default:
            try skipValue(line, depth: 1)
            try drop(start, &parsed)
        }
    }

    /// Counts an unusable value. In strict mode, rejects the line instead.
    private func drop(_ start: Int, _ parsed: inout ParsedEvent) throws(Rejection) {
        if rejectsUnknownKeys { throw Rejection(.wrongType, column: start + 1) }
        parsed.unknownKeys += 1
    }

    private mutating func textRange(_ line: Span<UInt8>, into parsed: inout ParsedEvent) throws(Rejection) -> Range<Int>
    {
        guard parsed.keepsText else { return try scanner.skipString(line).content }
        var text: [UInt8] = []
        try scanner.unescapeString(line, into: &text)
        let start = parsed.text.count
        parsed.appendText(text)
        return start..<parsed.text.count
    }

    /// Reads a number and returns it if it is whole and from 0 to `Limits.lineBytes`; nil for any other number.
    private mutating func smallNumber(_ line: Span<UInt8>) throws(Rejection) -> Int? {
        guard case .whole(let value) = try scanner.scanNumber(line), value >= 0, value <= Limits.lineBytes else {
            return nil
        }
        return Int(value)
    }

    private mutating func decodeStatuses(
        _ line: Span<UInt8>, _ start: Int, into parsed: inout ParsedEvent
    ) throws(Rejection) {
        scanner.position += 1
        scanner.skipBlanks(line)
        if scanner.take(UInt8(ascii: "]"), line) { return }
        var statuses: [Int] = []
        var isValid = true
        repeat {
            scanner.skipBlanks(line)
            let first = try scanner.peek(line)
            if first &- UInt8(ascii: "0") <= 9, statuses.count < Limits.shellLineCommands,
                let status = try smallNumber(line)
            {
                statuses.append(status)
            } else {
                isValid = false
                if first &- UInt8(ascii: "0") > 9 || statuses.count >= Limits.shellLineCommands {
                    try skipValue(line, depth: 2)
                }
            }
        } while try scanner.hasMore(line, closing: UInt8(ascii: "]"))
        guard isValid else { return try drop(start, &parsed) }
        parsed.shell.pipeStatus = statuses
    }
}
