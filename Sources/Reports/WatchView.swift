import SystemSupport

/// A scrollable view of a report on the screen, and the keys of the view. The report may be replaced at any time.
package struct WatchView: Sendable {
    package enum Key: Equatable, Sendable {
        case quit, up, down, pageUp, pageDown, top, bottom
    }

    private var lines: [String] = []
    /// The index of the first visible line of the report.
    private var first = 0
    /// Lines of the screen, including the bottom line.
    private var rows = 24

    package init() {}

    /// Replaces the report and keeps the scroll position.
    package mutating func show(_ text: String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        while lines.last == "" { lines.removeLast() }
        scroll(to: first)
    }

    package mutating func resize(rows: Int) {
        self.rows = max(2, rows)
        scroll(to: first)
    }

    package mutating func press(_ key: Key) {
        switch key {
        case .quit: break
        case .up: scroll(to: first - 1)
        case .down: scroll(to: first + 1)
        case .pageUp: scroll(to: first - (room - 1))
        case .pageDown: scroll(to: first + (room - 1))
        case .top: scroll(to: 0)
        case .bottom: scroll(to: lines.count)
        }
    }

    /// Number of screen lines for the report, without the bottom line.
    private var room: Int { rows - 1 }

    private mutating func scroll(to line: Int) { first = max(0, min(line, lines.count - room)) }

    /// Returns the lines of the screen. The last line has the time, the keys, and the number of report lines below the
    /// screen.
    ///
    /// - Parameter time: the time of the drawing.
    package func frame(time: String, _ style: TerminalStyle) -> [String] {
        let shown = lines[first..<min(lines.count, first + room)]
        var parts = [time, "q: quit"]
        if lines.count > room {
            let below = lines.count - first - shown.count
            parts.append(style.isPlain ? "j/k: scroll" : "↑↓: scroll")
            parts.append(below > 0 ? "\(below.counted("line")) more below" : "end")
        }
        let status = style.shown(parts.joined(separator: "  "), columns: style.columns)
        return shown + Array(repeating: "", count: room - shown.count) + [style.styled(status, .heading)]
    }

    /// Returns the keys that these bytes from a terminal stand for. Unknown bytes are ignored.
    package static func keys(in bytes: [UInt8]) -> [Key] {
        var keys: [Key] = []
        var rest = bytes[...]
        while let byte = rest.first {
            if let (sequence, key) = sequences.first(where: { rest.starts(with: $0.0) }) {
                keys.append(key)
                rest = rest.dropFirst(sequence.count)
                continue
            }
            rest = rest.dropFirst()
            guard byte == 0x1B, rest.first == UInt8(ascii: "[") || rest.first == UInt8(ascii: "O") else { continue }
            // An unknown sequence ends with a letter or a tilde.
            rest = rest.dropFirst().drop { $0 < 0x40 }.dropFirst()
        }
        return keys
    }

    private static let sequences: [([UInt8], Key)] = [
        ("q", Key.quit), ("Q", .quit), ("k", .up), ("j", .down), ("b", .pageUp), (" ", .pageDown), ("g", .top),
        ("G", .bottom), ("\u{1B}[A", .up), ("\u{1B}OA", .up), ("\u{1B}[B", .down), ("\u{1B}OB", .down),
        ("\u{1B}[5~", .pageUp), ("\u{1B}[6~", .pageDown), ("\u{1B}[H", .top), ("\u{1B}[F", .bottom),
    ].map { (Array($0.0.utf8), $0.1) }
}
