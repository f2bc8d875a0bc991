import Foundation
import SystemSupport

/// A program run under strace, which makes one of its system calls fail.
struct Fault: CustomStringConvertible {
    /// As strace names it, or several with commas.
    let call: String
    let error: String
    /// Which one in each thread, from 1.
    let occurrence: Int

    var description: String { "\(error) at \(call) \(occurrence)" }

    /// The words in front of the program's own; what happens is written to `log`, with these other calls as well.
    func arguments(log: String, alsoTracing others: [String] = []) throws -> [String] {
        let traced = ([call] + others).joined(separator: ",")
        return try Trace.arguments(tracing: traced, log: log)
            + ["-e", "inject=\(call):error=\(error):when=\(occurrence)"]
    }

    /// Whether the call was made as often as that.
    static func wasInjected(in log: String) -> Bool {
        (try? String(contentsOfFile: log, encoding: .utf8))?.contains("(INJECTED)") ?? false
    }
}

/// The system calls that strace saw, in the order in which they ended.
struct Trace {
    struct Call {
        /// As strace shows it: name, arguments and result.
        let text: String
        /// Of which thread.
        let thread: Substring
        /// The lines of the log on which it began and ended: other threads' may stand between them.
        let begun: Int
        let ended: Int

        var name: Substring { text.prefix { $0 != "(" } }
        var isInjected: Bool { text.contains("(INJECTED)") }

        /// The file of its first descriptor.
        var file: Substring? {
            guard let start = text.firstIndex(of: "<"), let end = text[start...].firstIndex(of: ">") else { return nil }
            return text[text.index(after: start)..<end]
        }
    }

    private(set) var calls: [Call] = []

    /// The words in front of a program's own that have its calls written to `log`.
    static func arguments(tracing calls: String, log: String) throws -> [String] {
        [try Programs.find("strace"), "-f", "-qq", "-y", "-o", log, "-e", "trace=\(calls)", "-e", "signal=none"]
    }

    /// Reads a log of strace's; one that is not there has no calls.
    init(_ log: String) {
        let lines = ((try? String(contentsOfFile: log, encoding: .utf8)) ?? "").split(separator: "\n")
        var unfinished: [Substring: (text: Substring, line: Int)] = [:]
        for (number, line) in lines.enumerated() {
            let thread = line.prefix { $0 != " " }
            let text = line.dropFirst(thread.count).drop { $0 == " " }
            if let rest = text.range(of: " <unfinished ...>") {
                unfinished[thread] = (text[..<rest.lowerBound], number)
            } else if let end = text.range(of: " resumed>"), let beginning = unfinished.removeValue(forKey: thread) {
                let whole = String(beginning.text + text[end.upperBound...])
                calls.append(Call(text: whole, thread: thread, begun: beginning.line, ended: number))
            } else {
                calls.append(Call(text: String(text), thread: thread, begun: number, ended: number))
            }
        }
    }

    /// The calls that were made to fail.
    var injected: [Call] { calls.filter(\.isInjected) }

    /// How many sentences may say what went wrong: one at least, unless saying it failed too, and no more than there were
    /// faults. Each thread's calls are counted for themselves, so there may be several.
    var sentences: ClosedRange<Int> {
        let faults = injected
        return (faults.contains { $0.text.hasPrefix("write(2<") } ? 0 : 1)...max(1, faults.count)
    }

    /// How often the thread that makes most of them makes one of these calls.
    func mostInAThread(of names: [Substring]) -> Int {
        Dictionary(grouping: calls.filter { names.contains($0.name) }, by: \.thread).values.map(\.count).max() ?? 0
    }
}

extension Child {
    /// Throws unless it ended well, or with one sentence and an exit code that says what kind of failure it was; with a
    /// `log` of faults, as many sentences as these allow. Returns whether it ended well.
    @discardableResult
    func requireDecentEnd(underFaultsIn log: String? = nil) throws -> Bool {
        let end = try wait()
        switch end {
        case .exited(0): return true
        case .exited(65), .exited(69), .exited(74), .exited(75), .exited(77), .exited(78):
            // A stream says what became of it as well.
            let sentences = errors.split(separator: "\n").count { !$0.contains(" received, ") }
            guard (log.map { Trace($0).sentences } ?? 1...1).contains(sentences) else {
                throw InvariantViolation("'\(name)' ended with \(end) and \(sentences) lines: \(errors)")
            }
            return false
        default: throw InvariantViolation("'\(name)' ended with \(end): \(errors)")
        }
    }
}
