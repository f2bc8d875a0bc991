import Foundation
import Platform

/// A program run under strace, which makes one of its system calls fail.
struct Fault: CustomStringConvertible {
    /// As strace names it, or several with commas.
    let call: String
    let error: String
    /// Which one in each thread, from 1.
    let occurrence: Int

    var description: String { "\(error) at \(call) \(occurrence)" }

    /// The words in front of the program's own; what happens is written to `log`.
    func arguments(log: String) throws -> [String] {
        [
            try Programs.find("strace"), "-f", "-qq", "-y", "-o", log, "-e", "trace=\(call)", "-e", "signal=none",
            "-e", "inject=\(call):error=\(error):when=\(occurrence)",
        ]
    }

    /// The sentences that say what went wrong, by the faults that `log` tells of: one at least, unless saying it failed
    /// too, and no more than there were faults. Each thread's calls are counted for themselves, so there may be several.
    static func sentences(in log: String) -> ClosedRange<Int> {
        let lines = (try? String(contentsOfFile: log, encoding: .utf8))?.split(separator: "\n") ?? []
        let faults = lines.filter { $0.contains("(INJECTED)") }
        return (faults.contains { $0.contains(" write(2<") } ? 0 : 1)...max(1, faults.count)
    }

    /// Whether the call was made as often as that.
    static func wasInjected(in log: String) -> Bool {
        (try? String(contentsOfFile: log, encoding: .utf8))?.contains("(INJECTED)") ?? false
    }
}

extension Child {
    /// Throws unless it ended well, or with one sentence and an exit code that says what kind of failure it was; with a
    /// `log` of faults, as many sentences as these allow.
    func requireDecentEnd(underFaultsIn log: String? = nil) throws {
        let end = try wait()
        switch end {
        case .exited(0): return
        case .exited(65), .exited(69), .exited(74), .exited(75), .exited(77), .exited(78):
            // A stream says what became of it as well.
            let sentences = errors.split(separator: "\n").count { !$0.contains(" received, ") }
            guard (log.map(Fault.sentences) ?? 1...1).contains(sentences) else {
                throw Broken("'\(name)' ended with \(end) and \(sentences) lines: \(errors)")
            }
        default: throw Broken("'\(name)' ended with \(end): \(errors)")
        }
    }
}
