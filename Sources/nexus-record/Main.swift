import Core
import Recording
import SystemSupport

/// Records one event and is gone: `nexus record` for the tightest loop, with the same flags.
///
/// It is linked statically and knows no argument parser, no SQLite and no network, so that it starts like a C program.
/// Under the name `nexus` it stands in front of that large program (`Launcher`).
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

    /// Prints a text that was asked for; where it cannot be written the process ends with the reason.
    private static func show(_ text: String) {
        do throws(SystemError) { try File.standardOutput.write(text) } catch {
            RecordCommandLine(program: "nexus-record").end(error.description, ExitCode(error))
        }
    }
}

/// The recording of one event as a program does it: silent when it works, one sentence and a code when it does not.
struct RecordCommandLine {
    /// What the program is called when it speaks.
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
            end("nowhere to keep data: set NEXUS_DATA_DIR or HOME", .inputOutput, isSoft: call.isSoft)
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

    /// Says why and ends; with `--soft` a script goes on as if nothing had happened.
    func end(_ sentence: String, _ code: ExitCode, isSoft: Bool = false) -> Never {
        say(sentence)
        ThisProcess.end(isSoft ? 0 : code.rawValue)
    }

    func say(_ sentence: String) {
        // Where even that cannot be written there is nobody left to tell.
        try? File.standardError.write("\(program): \(sentence)\n")
    }
}
