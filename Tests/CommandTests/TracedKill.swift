import Foundation
import TestSupport

/// A command that is run under strace until one of its threads makes a system call for the so-manieth time, and is killed
/// there.
struct TracedKill {
    /// False when it had ended before.
    let isKilled: Bool

    init(_ call: String, at number: Int, _ program: Program, _ arguments: String...) throws {
        let process = program.process(
            [
                "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
                "inject=\(call):signal=SIGKILL:when=\(number)", Program.url.path,
            ] + arguments)
        process.executableURL = URL(filePath: "/usr/bin/strace")
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        isKilled = process.terminationStatus != 0
    }
}
