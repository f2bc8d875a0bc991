import ArgumentParser
import Core
import Foundation
import SystemSupport

/// Injects faults into the real programs, and compares the data folder with a model of what must still be true.
@main
struct Torture: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "torture", abstract: "Inject faults into the real programs and check their promises.",
        discussion: """
            Modes: \(modes.map(\.name).joined(separator: ", ")). The default is all modes. A failure prints the seed \
            that repeats it. A mode that cannot run on this computer is reported as skipped.
            """)

    @Option(help: ArgumentHelp("Duration of the mode 'mixture', in seconds.", valueName: "n"))
    var seconds = 60

    @Option(help: ArgumentHelp("Seed of the random choices. The default is different in each run.", valueName: "s"))
    var seed: UInt64 = .random(in: 0...999_999)

    @Option(help: ArgumentHelp("Factor for the counts of all modes; 1 gives the counts of the bars.", valueName: "x"))
    var scale = 1.0

    @Argument(help: ArgumentHelp("Modes to run.", valueName: "mode"))
    var names: [String] = []

    static let modes: [any Mode] = [
        MixtureMode(), KillsMode(), PowerMode(), SweepMode(), FailedSyncMode(), FullDiskMode(), TruncationMode(),
        FlipsMode(), ClockMode(), PinnedMode(),
    ]

    mutating func validate() throws {
        for name in names where !Self.modes.contains(where: { $0.name == name }) {
            throw ValidationError("unknown mode '\(name)'; use one of \(Self.modes.map(\.name))")
        }
        guard scale > 0, seconds > 0 else { throw ValidationError("--scale and --seconds must be above zero.") }
    }

    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        let settings = Settings(programs: Programs(), seed: seed, seconds: seconds, scale: scale)
        print("seed \(seed), scale \(scale)")
        var results = Results()
        for mode in Self.modes where names.isEmpty || names.contains(mode.name) {
            let start = Date()
            let (result, figure) = Self.outcome(of: mode, settings)
            let seconds = Int(Date().timeIntervalSince(start).rounded())
            results.add(.init(name: mode.name, bar: mode.bar, figure: figure, result: result, seconds: seconds))
            print("\(mode.name): \(result.rawValue) after \(seconds) s")
            fflush(nil)
        }
        print("\n" + results.table, terminator: "")
        // A skipped mode is a failure only if the user named modes.
        if results.hasMissed || (!names.isEmpty && results.hasSkipped) { throw ExitCode(1) }
    }

    private static func outcome(of mode: any Mode, _ settings: Settings) -> (result: Results.Result, figure: String) {
        do {
            let verdict = try mode.run(settings)
            return (verdict.isMet ? .met : .missed, verdict.figure)
        } catch let missing as Missing {
            return (.skipped, missing.description)
        } catch {
            return (.missed, "\(error)")
        }
    }
}
