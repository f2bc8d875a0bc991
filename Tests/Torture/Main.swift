import ArgumentParser
import Core
import Foundation
import SystemSupport

/// The torture testEnvironment: the real programs, mistreated, and a model beside them that knows what must still be true.
@main
struct Torture: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "torture", abstract: "Mistreat the real programs and see whether they keep their promises.",
        discussion: """
            Modes: \(modes.map(\.name).joined(separator: ", ")). Without one, all of them. A failure names what repeats \
            it. A mode that this computer cannot run is skipped and said to be.
            """)

    @Option(help: ArgumentHelp("How long the mixture goes on.", valueName: "n"))
    var seconds = 60

    @Option(help: ArgumentHelp("Where the choice of steps starts; by default another each time.", valueName: "s"))
    var seed: UInt64 = .random(in: 0...999_999)

    @Option(help: ArgumentHelp("What the counts of the bars are multiplied with.", valueName: "x"))
    var scale = 1.0

    @Argument(help: ArgumentHelp("Which kinds of torture.", valueName: "mode"))
    var names: [String] = []

    static let modes: [any Mode] = [
        MixtureMode(), KillsMode(), PowerMode(), SweepMode(), FailedSyncMode(), FullDiskMode(), TruncationMode(),
        FlipsMode(), ClockMode(), PinnedMode(),
    ]

    mutating func validate() throws {
        for name in names where !Self.modes.contains(where: { $0.name == name }) {
            throw ValidationError("There is no mode '\(name)'; there are \(Self.modes.map(\.name)).")
        }
        guard scale > 0, seconds > 0 else { throw ValidationError("--scale and --seconds are above zero.") }
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
        // Who asks for a mode wants it done.
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
