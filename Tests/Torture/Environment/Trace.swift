import Foundation
import SystemSupport

/// A failure of a system call that strace injects into a program.
struct Fault: CustomStringConvertible {
    /// The name of the system call in strace, or several names with commas.
    let call: String
    /// The name of the error, such as EIO.
    let error: String
    /// The call that fails in each thread: 1 for the thread's first call.
    let occurrence: Int

    var description: String { "\(error) at \(call) \(occurrence)" }

    /// Returns the strace command to put before a program and its arguments. strace writes the calls `call` and
    /// `others` to the file `log`.
    func arguments(log: String, alsoTracing others: [String] = []) throws -> [String] {
        let traced = ([call] + others).joined(separator: ",")
        return try Trace.arguments(tracing: traced, log: log)
            + ["-e", "inject=\(call):error=\(error):when=\(occurrence)"]
    }

    /// Returns whether the log contains a failure that strace injected. Without it, the program made too few calls.
    static func wasInjected(in log: String) -> Bool {
        (try? String(contentsOfFile: log, encoding: .utf8))?.contains("(INJECTED)") ?? false
    }
}

/// The system calls in a log of strace, in the order in which they ended.
struct Trace {
    struct Call {
        /// The call in the form of strace: name, arguments and result.
        let text: String
        /// The id of the thread that made the call.
        let thread: Substring
        /// The index of the log line on which the call began.
        let begun: Int
        /// The index of the log line on which the call ended. Lines of other threads may be between both lines.
        let ended: Int

        var name: Substring { text.prefix { $0 != "(" } }
        var isInjected: Bool { text.contains("(INJECTED)") }

        /// The file of the call's first descriptor; nil if the call has no descriptor.
        var file: Substring? {
            guard let start = text.firstIndex(of: "<"), let end = text[start...].firstIndex(of: ">") else { return nil }
            return text[text.index(after: start)..<end]
        }
    }

    private(set) var calls: [Call] = []

    /// Returns the strace command to put before a program and its arguments. strace writes the given calls to `log`.
    static func arguments(tracing calls: String, log: String) throws -> [String] {
        [try Programs.find("strace"), "-f", "-qq", "-y", "-o", log, "-e", "trace=\(calls)", "-e", "signal=none"]
    }

    /// Reads a log of strace. A missing file is a log without calls.
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

    /// The calls whose failure strace injected.
    var injected: [Call] { calls.filter(\.isInjected) }

    /// The numbers of error messages that a program may print. It prints at least one, unless the write to standard
    /// error failed, and at most one for each injected failure. There may be several failures, because strace counts
    /// the calls of each thread separately.
    var sentences: ClosedRange<Int> {
        let faults = injected
        return (faults.contains { $0.text.hasPrefix("write(2<") } ? 0 : 1)...max(1, faults.count)
    }

    /// Returns the number of calls with one of these names in the thread with most such calls.
    func mostInAThread(of names: [Substring]) -> Int {
        Dictionary(grouping: calls.filter { names.contains($0.name) }, by: \.thread).values.map(\.count).max() ?? 0
    }
}

extension Child {
    /// Waits for the end of the program. Throws unless the program returned 0, or failed with a documented exit code
    /// and one error message.
    /// - Parameter log: a log of strace with injected failures; `Trace.sentences` then sets the number of messages.
    /// - Returns: whether the program returned 0.
    @discardableResult
    func requireDecentEnd(underFaultsIn log: String? = nil) throws -> Bool {
        let end = try wait()
        switch end {
        case .exited(0): return true
        case .exited(65), .exited(69), .exited(74), .exited(75), .exited(77), .exited(78):
            // A stream also prints a summary, which is not an error message.
            let sentences = errors.split(separator: "\n").count { !$0.contains(" received, ") }
            guard (log.map { Trace($0).sentences } ?? 1...1).contains(sentences) else {
                throw InvariantViolation("'\(name)' ended with \(end) and \(sentences) lines: \(errors)")
            }
            return false
        default: throw InvariantViolation("'\(name)' ended with \(end): \(errors)")
        }
    }
}
