package import Core
import Intake
package import SystemSupport

/// Runs a program and records its name, its duration and its exit status.
///
/// The program has priority: it starts before the settings are read, and no recording failure changes its behaviour or
/// exit code.
package struct CommandRecorder: Sendable {
    private let data: DataFolder?
    private let workspace: String?
    private let task: String?

    /// Creates a recorder. If `data` is nil, programs run without being recorded.
    package init(data: DataFolder?, workspace: String?, task: String?) {
        self.data = data
        self.workspace = workspace
        self.task = task
    }

    /// The result of running a program.
    package struct Outcome: Sendable {
        /// The exit code that a shell would return: the program's own code, or 128 plus the number of the signal that
        /// ended it. It is 126 if the program is not executable, and 127 if it cannot be run for another reason.
        package let exitCode: Int32
        /// The reason why the program could not be run; nil if it was run.
        package let failure: SystemError?
        /// The reason why the program was not recorded; nil if it was recorded or recording is off.
        package let recordingError: RecordingError?
    }

    /// Runs a program and records it. The first element of `arguments` is the program.
    package func run(_ arguments: [RawArgument]) -> Outcome {
        let startedAt = SystemClock().now()
        let start = SystemClock.monotonicNanoseconds()
        return ChildProcess.runInForeground(arguments) { result in
            let milliseconds = (SystemClock.monotonicNanoseconds() - start + 500_000) / 1_000_000
            ThisProcess.surviveFailedWrites()
            return record(arguments, startedAt: startedAt, milliseconds: Int64(clamping: milliseconds), result)
        }
    }

    /// Records a program that has ended, if recording is on.
    /// - Parameter startedAt: the start of the program, in milliseconds since 1970.
    func record(
        _ arguments: [RawArgument], startedAt: Int64, milliseconds: Int64,
        _ result: Result<ChildProcess.Termination, SystemError>
    ) -> Outcome {
        let exitCode = Self.exitCode(result)
        func outcome(_ error: RecordingError?) -> Outcome {
            Outcome(exitCode: exitCode, failure: result.failure, recordingError: error)
        }
        guard let data, RecordingPolicy.outside() == .on else { return outcome(nil) }
        let settings: Settings
        do { settings = try SettingsFile(data).load() } catch { return outcome(.settings(error)) }
        guard RecordingPolicy.of(settings) == .on else { return outcome(nil) }
        let naming = settings.naming
        var parsed = ParsedEvent()
        parsed.set(.eventType, EventType.command.rawValue)
        // If the clock was set back while the program ran, `startedAt` may be in the future. Intake rejects a time that
        // is more than a day ahead of the clock.
        let now = SystemClock().now()
        parsed.set(.timestamp, startedAt <= now ? startedAt : now - milliseconds)
        if let name = workspace ?? AmbientWorkspace.name(usesGit: naming.usesGitWorkspace) {
            parsed.set(.workspace, name)
        }
        if let task { parsed.set(.task, task) }
        let line = ShellLine(arguments: arguments.map(\.text), naming: naming)
        if let event = line.event(ShellResult(status: Int(exitCode))) {
            if !event.command.isEmpty { parsed.set(.command, event.command) }
            if event.keepsDuration { parsed.set(.durationMS, milliseconds) }
            if let success = event.success { parsed.set(success: success) }
            if let category = event.errorCategory { parsed.set(.errorCategory, category) }
        }
        return outcome(record(parsed, in: data, naming))
    }

    /// Returns the exit code that a shell would return.
    private static func exitCode(_ result: Result<ChildProcess.Termination, SystemError>) -> Int32 {
        switch result {
        case .success(.exited(let code)): code
        case .success(.signaled(let number)): 128 + number
        case .failure(let error) where error.isNotExecutable: 126
        case .failure: 127
        }
    }

    private func record(_ parsed: ParsedEvent, in data: DataFolder, _ naming: NamingSettings) -> RecordingError? {
        do throws(RecordingError) {
            let isDrainDue = try SingleEventRecorder(data: data, naming: naming).record(parsed, durable: false)
            FirstNotice.showIfDue(data)
            if isDrainDue { DetachedDrain.start() }
            return nil
        } catch {
            return error
        }
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
