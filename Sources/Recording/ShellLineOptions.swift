import Core
package import Intake
package import SystemSupport

/// The flags that describe a shell line, the same for `nexus record` and `nexus-record`.
package struct ShellLineOptions: Sendable {
    /// The flags' names; each takes a value.
    package static let names = ["--line", "--shell", "--exit-status", "--pipe-status", "--folder-changed"]

    private var line: String?
    private var shell = "bash"
    private var status: Int?
    private var pipeStatus: [Int] = []
    private var folderChanged: Bool?

    package init() {}

    /// Sets the value of a flag; false where it is not one that the flag takes.
    package mutating func set(_ name: String, _ value: String) -> Bool {
        switch name {
        case "--line": line = value
        case "--shell": shell = value
        case "--exit-status":
            guard let number = Self.status(value[...]) else { return false }
            status = number
        case "--pipe-status":
            pipeStatus = []
            for part in value.split(separator: ",", maxSplits: Limits.shellLineCommands) {
                guard let number = Self.status(part) else { return false }
                pipeStatus.append(number)
            }
        case "--folder-changed":
            guard value == "yes" || value == "no" else { return false }
            folderChanged = value == "yes"
        default: return false
        }
        return true
    }

    /// What a flag takes, for a caller who gave something else.
    package static func sentence(_ name: String) -> String {
        switch name {
        case "--exit-status": "\(name) takes a status from 0 to 255"
        case "--pipe-status": "\(name) takes statuses from 0 to 255 with commas between them"
        default: "\(name) takes yes or no"
        }
    }

    private static func status(_ text: Substring) -> Int? {
        guard let number = Int(text), (0...255).contains(number) else { return nil }
        return number
    }

    /// Puts the line into the parsed of an event; `-` reads it from standard input to its end, at most as long as a line may be.
    package func apply(to parsed: inout ParsedEvent) throws(SystemError) {
        parsed.setShellResult(status: status, pipeStatus: pipeStatus, folderChanged: folderChanged)
        guard let line else { return }
        guard line == "-" else { return parsed.setShellLine(line.utf8, shell: shell) }
        var bytes: [UInt8] = []
        while bytes.count <= Limits.lineBytes, try File.standardInput.read(appendingTo: &bytes, limit: 4096) > 0 {}
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        parsed.setShellLine(bytes, shell: shell)
    }
}
