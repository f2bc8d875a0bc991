import EventModel
import Pipeline
import Platform

/// Records one event and is gone: `nexus record` for the tightest loop, with the same flags.
///
/// It is linked statically and knows no argument parser, no SQLite and no network, so that it starts like a C program.
@main
struct Main {
    static func main() {
        Environment.restrictNewFiles()
        let arguments: RecorderArguments
        do throws(RecorderArguments.Misuse) {
            arguments = try RecorderArguments(CommandLine.arguments.dropFirst())
        } catch {
            end(error.sentence, .usage)
        }
        switch arguments.request {
        case .help: say(RecorderArguments.help, on: File.standardOutput)
        case .version: say("nexus-record \(Version.current)\n", on: File.standardOutput)
        case .record: record(arguments)
        }
    }

    private static func record(_ arguments: RecorderArguments) {
        let data = DataFolder.fromEnvironment()
        do throws(SettingsError) {
            guard try RecordingSwitch.current(for: data) == .on else { return }
        } catch {
            end(error.description, error.exitCode, isSoft: arguments.isSoft)
        }
        guard let data else {
            end("nowhere to keep data: set NEXUS_DATA_DIR or HOME", .settings, isSoft: arguments.isSoft)
        }
        do throws(RecordingError) {
            let isDrainDue = try OneShotRecorder(data: data).record(arguments.draft, durable: arguments.isDurable)
            FirstNotice.showIfDue(data)
            if isDrainDue { DetachedDrain.start() }
        } catch {
            end(error.description, error.exitCode, isSoft: arguments.isSoft)
        }
    }

    /// Says why and ends; with `--soft` a script goes on as if nothing had happened.
    private static func end(_ sentence: String, _ code: ExitCode, isSoft: Bool = false) -> Never {
        say("nexus-record: \(sentence)\n", on: File.standardError)
        ThisProcess.end(isSoft ? 0 : code.rawValue)
    }

    private static func say(_ text: String, on file: borrowing File) {
        // Where even that cannot be written there is nobody left to tell.
        try? file.write(text)
    }
}
