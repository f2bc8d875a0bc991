import Glibc

/// Writes a reproducible stream of Nexus events to standard output.
@main
struct FixtureGenerator {
    /// Reads the command line, generates the chosen stream and ends with an exit status from `sysexits.h`.
    static func main() {
        do throws(ArgumentError) {
            generate(try Arguments(Array(CommandLine.arguments.dropFirst())))
        } catch {
            fail(error.sentence, status: EX_USAGE)
        }
    }

    private static func generate(_ arguments: Arguments) {
        FileOutput.ignoreClosedPipeSignal()
        do throws(OutputError) {
            try writeEvents(arguments)
        } catch {
            switch error {
            case .readerClosed:
                exit(EXIT_SUCCESS)
            case .failed(let number):
                fail("The output could not be written (system error \(number)).", status: EX_IOERR)
            }
        }
    }

    private static func writeEvents(_ arguments: Arguments) throws(OutputError) {
        let catalogue = Catalogue()
        var writer = LineWriter(format: arguments.format, catalogue: catalogue)
        if arguments.isDashboard {
            var dashboard = DashboardFixture(seed: arguments.seed, until: arguments.until, catalogue: catalogue)
            try dashboard.write(to: &writer)
        } else {
            let planner = SessionPlanner(
                events: arguments.events, days: arguments.days, until: arguments.until, seed: arguments.seed
            )
            try EventStream(planner: planner, catalogue: catalogue).write(to: &writer)
        }
        try writer.finish()
    }

    private static func fail(_ sentence: String, status: Int32) -> Never {
        // Nothing more can be reported when standard error itself cannot be written.
        try? FileOutput.write(Array("nexus-fixtures: \(sentence)\n".utf8), to: STDERR_FILENO)
        exit(status)
    }
}
