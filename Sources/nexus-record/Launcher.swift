import Recording
import SystemSupport

/// The installed `nexus`. It handles two calls itself, because they must start within a millisecond: `nexus exec`, and
/// `nexus record` for one event. For any other call it replaces itself with the full program in `libexec`.
///
///     PREFIX/bin/nexus-record     this program
///     PREFIX/bin/nexus            the same file under its other name
///     PREFIX/libexec/nexus/nexus  the full program, which takes some milliseconds to start
struct Launcher {
    static let name = "nexus"
    private static let speaker = RecordCommandLine(program: name)

    /// The path of the full program.
    let wholeProgram: String

    /// The launcher; nil if this program's file does not have the name `nexus`.
    static var atHand: Launcher? {
        guard let path = ExecutablePath.current, path.hasSuffix("/" + name) else { return nil }
        return Launcher(wholeProgram: Folder(path).parent.parent.path(of: "libexec/nexus/nexus"))
    }

    func run(_ arguments: [RawArgument]) -> Never {
        if let call = ExecCall(arguments) {
            ThisProcess.end(call.run(say: Self.speaker.say))
        }
        // The full program reads `--stdin`, prints help, and reports unknown flags and invalid values.
        if arguments.first == RawArgument("record"), let call = try? RecorderArguments(arguments.dropFirst()),
            call.request == .record
        {
            ThisProcess.prepareForOwnFiles()
            Self.speaker.record(call)
            ThisProcess.end(0)
        }
        let failure = ThisProcess.become(wholeProgram, [RawArgument(Self.name)] + arguments)
        Self.speaker.end("\(failure.description); install Nexus again", .unavailable)
    }
}
