import Core
import Intake
package import SystemSupport
import WriteAheadBuffer

/// Checks whether the hook of a shell records. It starts the user's interactive shell with the user's start files on a
/// pseudo-terminal, and runs `true` in it. Then it waits for the event in a temporary data folder, which is removed
/// afterwards.
///
/// Before `true` the shell reads a probe. The probe writes the state of the hook into a file and makes the temporary
/// folder the data folder, regardless of the start files. The check does not change the user's data.
package struct HookCheck: Sendable {
    /// The variable by which start files recognize a check. It also keeps a check from starting another check.
    package static let mark = "NEXUS_HOOK_CHECK"

    private let files: ShellStartFiles
    private let deadline: Duration
    private let environment: [String: String]

    /// `deadline` is the maximum time from the start of the shell to the arrival of the event.
    package init(
        _ files: ShellStartFiles, deadline: Duration, environment: [String: String] = Environment.allByName
    ) {
        self.files = files
        self.deadline = deadline
        self.environment = environment
    }

    /// Runs the check.
    package func run() throws(SystemError) -> HookCheckResult {
        var result = HookCheckResult(shell: files.shell)
        guard environment[Self.mark] == nil else {
            result.outcome = .insideCheck
            return result
        }
        let scratch = try ScratchFolder(in: ScratchFolder.commonParent)
        let data = DataFolder(scratch.path(of: "data"))
        let probe = HookProbe(shell: files.shell, scratch: scratch.folder, data: data)
        try File(opening: probe.scriptPath, [.write, .create, .exclusive]).write(probe.script)
        let process = try TerminalProcess(
            [RawArgument(files.program), RawArgument("-i")], environment: variables(data))
        defer { process.end() }
        try observe(process, probe, data, &result)
        // A recorder that still runs would create the temporary folder again after its removal.
        process.waitForOthers(atMost: .seconds(1))
        return result
    }

    private func variables(_ data: DataFolder) -> [String] {
        var variables = environment
        variables["NEXUS_DATA_DIR"] = data.folder.path
        variables["NEXUS_SESSION"] = nil
        variables[Self.mark] = "1"
        variables["TERM"] = "xterm"
        // fish stores no typed lines if the name of its history is empty.
        variables["fish_history"] = ""
        return variables.map { "\($0.key)=\($0.value)" }
    }

    private func observe(
        _ process: TerminalProcess, _ probe: HookProbe, _ data: DataFolder, _ result: inout HookCheckResult
    ) throws(SystemError) {
        let clock = ContinuousClock()
        let end = clock.now + deadline
        waitForPrompt(process, end)
        process.type(probe.line + "\r")
        var answer: [String: String]?
        while answer == nil, !process.isOver, clock.now < end {
            process.read(atMost: Self.interval)
            answer = probe.answer()
        }
        result.output = String(decoding: process.output, as: UTF8.self)
        guard let answer else {
            result.programName = process.programName
            result.outcome = process.isOver || result.programName == nil ? .shellEnded : .noPrompt
            return
        }
        result.answer = answer
        let start = clock.now
        process.type("true\r")
        // If the probe has already found the problem, a shorter wait for the event is enough.
        let patience = result.cause == nil ? end : min(end, clock.now + Limits.hookQuietTime * 5)
        while clock.now < patience, !process.isOver {
            process.read(atMost: Self.interval)
            if (try? BufferedCommands.contains("true", in: data)) == true {
                result.outcome = .arrived(start.duration(to: clock.now))
                break
            }
        }
        result.output = String(decoding: process.output, as: UTF8.self)
    }

    /// Waits until the shell has printed something and is quiet, or has printed nothing for some time. A start file
    /// that reads its input must not get the typed lines. The wait ends at `end` at the latest.
    private func waitForPrompt(_ process: TerminalProcess, _ end: ContinuousClock.Instant) {
        let silent = ContinuousClock.now + Limits.hookQuietTime * 10
        while process.output.isEmpty, !process.isOver, ContinuousClock.now < min(silent, end) {
            process.read(atMost: Self.interval)
        }
        while ContinuousClock.now < end, process.read(atMost: Limits.hookQuietTime) {}
    }

    /// The interval between reads of the terminal and checks of files.
    private static let interval: Duration = .milliseconds(10)
}

/// The findings of a check of the hook.
package struct HookCheckResult: Equatable, Sendable {
    package enum Outcome: Equatable, Sendable {
        /// The event arrived. The duration is the time since the command was typed.
        case arrived(Duration)
        case notArrived
        /// The shell, or the program that replaced it, did not read the typed lines.
        case noPrompt
        case shellEnded
        /// A start file started this check within another check.
        case insideCheck
    }

    let shell: ShellDialect
    package internal(set) var outcome = Outcome.notArrived
    /// The result of `HookProbe.answer()`. Empty if the shell did not read the probe.
    package internal(set) var answer: [String: String] = [:]
    /// The program that ran in the shell's process at the deadline. Nil if the shell has read the probe.
    package internal(set) var programName: String?
    /// The output of the shell.
    package internal(set) var output = ""

    /// Whether the event arrived.
    package var isWorking: Bool {
        if case .arrived = outcome { true } else { false }
    }

    /// The reason why the hook does not record. Nil if the probe found no reason, or if the shell did not read the
    /// probe.
    package var cause: HookProblem? {
        guard !answer.isEmpty else { return nil }
        let telemetry = answer["telemetry"] ?? ""
        if !RecordingPolicy.waysToSayYes.contains(telemetry.lowercased()) { return .switchedOff("NEXUS_TELEMETRY") }
        if !["", "0"].contains(answer["track"] ?? "") { return .switchedOff("DO_NOT_TRACK") }
        if let folder = answer["folder"], case .off(let reason) = RecordingPolicy.of(folder: folder) {
            return .leftOut(reason)
        }
        if answer["hook"] != "1" {
            if let message = complaint { return .complaint(message) }
            return answer["nexus"]?.isEmpty == false ? .noHook : .noNexus
        }
        if answer["installed"] != "1" { return complaint.map { .complaint($0) } ?? .removed }
        if answer["history"] == "0" { return .noHistory }
        if answer["recorder"]?.isEmpty != false { return .noRecorder }
        return nil
    }

    /// The message that the hook itself printed; nil if it printed no message.
    private var complaint: String? {
        output.split(whereSeparator: \.isNewline).map(String.init).first { $0.hasPrefix("nexus: ") }
    }

    /// The data folder that the start files set. Nil if they set no data folder; the shell then has the check's data
    /// folder.
    package var otherDataFolder: String? {
        guard let path = answer["data"], !path.isEmpty, path != answer["scratch"] else { return nil }
        return path
    }
}

/// The reason why a hook does not record.
///
/// - `noHook`: the shell has no hook, but finds `nexus`.
/// - `noNexus`: the shell has no hook, and does not find `nexus`.
/// - `removed`: another tool has removed the hook from the functions that run at a prompt.
/// - `noHistory`: bash keeps no history, and the hook reads lines from the history.
/// - `noRecorder`: the shell does not find `nexus-record`.
package enum HookProblem: Equatable, Sendable {
    /// The variable of this name switches recording off.
    case switchedOff(String)
    /// Recording is off in the shell's folder, for the given reason.
    case leftOut(String)
    /// The hook printed the given message.
    case complaint(String)
    case noHook, noNexus, removed, noHistory, noRecorder
}

/// Searches the commands of the events in the buffer.
enum BufferedCommands {
    /// Returns whether an event of the command is in the buffer of a data folder.
    static func contains(_ command: String, in data: DataFolder) throws(BufferError) -> Bool {
        let buffer = WriteAheadBuffer(folder: data.bufferFolder)
        for number in try buffer.segments() {
            guard let reader = try buffer.reader(of: number), let end = try reader.committedEnd() else { continue }
            var bytes: [UInt8] = []
            let start = SegmentFormat.headerLength
            guard end > start else { continue }
            try reader.read(into: &bytes, from: start, upTo: end, limit: Limits.drainChunkBytes)
            var cursor = RecordCursor()
            while case .record(let place) = cursor.next(in: bytes.span, isLast: true) {
                let payload = bytes.span.extracting(place)
                guard let record = EventRecord(payload), !record.command.isEmpty else { continue }
                if payload.extracting(record.command).text == command { return true }
            }
        }
        return false
    }
}
