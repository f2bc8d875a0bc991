import Core
import Recording
import SystemSupport

/// Records one event, or a stream of events, and exits. It takes the event flags of `nexus record`, and is fast enough
/// for a tight loop.
///
/// The program is linked statically and has no argument parser, no SQLite and no network, so that it starts as fast as
/// a C program. Under the name `nexus` it runs as the `Launcher`.
@main
struct Main {
    static func main() {
        ThisProcess.forbidCoreFile()
        let arguments = RawArgument.ofThisProcess
        if let front = Launcher.atHand { front.run(arguments) }
        ThisProcess.prepareForOwnFiles()
        do throws(RecorderArguments.Misuse) {
            let call = try RecorderArguments(arguments)
            switch call.request {
            case .help: show(RecorderArguments.help)
            case .version: show("nexus-record \(Version.withCommit)\n")
            case .record, .stream: RecordCommandLine(program: "nexus-record").record(call)
            }
        } catch {
            RecordCommandLine(program: "nexus-record").end(error.sentence, .usage)
        }
    }

    /// Prints a requested text. If the write fails, prints the reason and exits with an error code.
    private static func show(_ text: String) {
        do throws(SystemError) { try File.standardOutput.write(text) } catch {
            RecordCommandLine(program: "nexus-record").end(error.description, ExitCode(error))
        }
    }
}

/// Records events for a command-line program. If recording fails, it prints one sentence and exits with an error code.
/// It also prints one sentence for each rejected line of a stream.
struct RecordCommandLine {
    /// The program's name in messages.
    let program: String

    func record(_ call: RecorderArguments) {
        guard RecordingPolicy.outside() == .on else { return }
        let data: DataFolder?
        do throws(DataFolderError) {
            data = try DataFolder.fromEnvironment()
        } catch {
            end(error.description, error.exitCode, isSoft: call.isSoft)
        }
        guard let data else {
            end(
                "no data folder: neither NEXUS_DATA_DIR nor HOME is an absolute path; set one of them", .inputOutput,
                isSoft: call.isSoft)
        }
        let settings: Settings
        do throws(SettingsError) { settings = try SettingsFile(data).load() } catch {
            end(error.description, RecordingError.settings(error).exitCode, isSoft: call.isSoft)
        }
        guard RecordingPolicy.of(settings) == .on else { return }
        do throws(RecordingError) {
            let recorder = SingleEventRecorder(data: data, naming: settings.naming)
            var rejected = 0
            let isDrainDue =
                switch call.request {
                case .stream:
                    try recorder.record(linesOf: File.standardInput, durable: call.isDurable) { line, rejection in
                        rejected += 1
                        say("line \(line) not recorded: \(rejection.message)")
                    }
                default: try recorder.record(call.event, durable: call.isDurable)
                }
            FirstNotice.showIfDue(data)
            if isDrainDue { DetachedDrain.start() }
            if rejected > 0, !call.isSoft { ThisProcess.end(ExitCode.rejectedInput.rawValue) }
        } catch {
            end(error.description, error.exitCode, isSoft: call.isSoft)
        }
    }

    /// Prints the sentence and exits; with `--soft` the exit code is 0, so that a script continues.
    func end(_ sentence: String, _ code: ExitCode, isSoft: Bool = false) -> Never {
        say(sentence)
        ThisProcess.end(isSoft ? 0 : code.rawValue)
    }

    func say(_ sentence: String) {
        // If writing to standard error fails, there is no other way to report the failure.
        try? File.standardError.write("\(program): \(sentence)\n")
    }
}
