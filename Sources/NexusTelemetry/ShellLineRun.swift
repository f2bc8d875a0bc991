import Core
import Intake

/// A shell line that was run, and its outcome.
///
/// The line is read in memory and never stored. Only the name of its command and the outcome are kept. The outcome
/// stays unknown if the statuses do not determine it.
public struct ShellLineRun: Sendable, Equatable {
    /// The shells that differ in syntax. `bash` also stands for similar shells.
    public enum Shell: String, Sendable {
        case bash, zsh, fish
    }

    /// One text: the shell, the statuses and `folderChanged` in the first line, followed by the shell line. It is
    /// copied unchanged into the packed event.
    let packed: String

    /// Describes a line. A line longer than 4000 bytes is truncated. With more than 20 statuses, a line longer than
    /// 3500 bytes may be truncated too.
    ///
    /// - Parameters:
    ///   - line: The line that was typed or run.
    ///   - shell: The shell that ran it.
    ///   - exitStatus: The status of the line, 0 to 255; nil if it is not known.
    ///   - pipeStatus: The statuses of the line's last pipeline, as in `PIPESTATUS` of bash.
    ///   - folderChanged: Whether the line changed the folder of the shell; nil if this is not known.
    public init(
        _ line: String, shell: Shell = .bash, exitStatus: Int? = nil, pipeStatus: [Int] = [], folderChanged: Bool? = nil
    ) {
        let statuses = ([exitStatus.map(String.init) ?? "-"] + pipeStatus.prefix(64).map(String.init)).joined(
            separator: ",")
        let folder = folderChanged.map { $0 ? "y" : "n" } ?? "-"
        let context = "\(shell.rawValue) \(statuses) \(folder)\n"
        // `packed` has at most `Limits.nameBytes` bytes, because `PackedEvent` would truncate a longer text.
        let capacity = max(0, Limits.nameBytes - context.utf8.count)
        packed = context + Self.beginning(of: line, min(Self.longestLine, capacity))
    }

    private static let longestLine = 4000

    /// Returns the beginning of a line, as many whole characters as fit into the given number of bytes.
    private static func beginning(of line: String, _ bytes: Int) -> String {
        guard line.utf8.count > bytes else { return line }
        var end = line.utf8.index(line.startIndex, offsetBy: bytes)
        while end.samePosition(in: line.unicodeScalars) == nil { end = line.utf8.index(before: end) }
        return String(line[..<end])
    }

    /// Sets the fields of a parsed event from `packed`.
    static func unpack(_ bytes: Span<UInt8>, _ range: Range<Int>, into parsed: inout ParsedEvent) {
        guard let newline = range.first(where: { bytes[$0] == UInt8(ascii: "\n") }) else { return }
        var context: [UInt8] = []
        for index in range.lowerBound..<newline { context.append(bytes[index]) }
        let words = context.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        guard words.count == 3 else { return }
        let statuses = words[1].split(separator: ",").map { Int($0) }
        parsed.setShellLine(at: newline + 1..<range.upperBound, shell: words[0])
        parsed.setShellResult(
            status: statuses.first.flatMap { $0 }, pipeStatus: statuses.dropFirst().compactMap { $0 },
            folderChanged: words[2] == "-" ? nil : words[2] == "y")
    }
}
