import ArgumentParser
import Core
import Glibc
import SystemSupport

/// Writes a reproducible stream of Nexus events to standard output.
@main
struct FixtureGenerator: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nexus-fixtures", abstract: "Write a stream of realistic events to standard output.",
        discussion: """
            The same options always give the same bytes.

            EXAMPLES
              nexus-fixtures --events 1000000 | nexus record --stdin
              nexus-fixtures --dashboard --until "$(date -u +%F)"
              nexus-fixtures --events 5000 --seed 7 --csv >events.csv
            """)

    @Option(help: ArgumentHelp("Number of lines, at most a billion.", valueName: "n"))
    var events = 10_000

    @Option(help: ArgumentHelp("Seed of the random numbers: each seed gives a different stream.", valueName: "n"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Number of days that the stream covers, 1 to 3650.", valueName: "n"))
    var days = 30

    @Option(help: ArgumentHelp("Last day of the stream, in UTC.", valueName: "yyyy-mm-dd"))
    var until = CalendarDay(number: Int(Timestamp.dayNumber(year: 2026, month: 11, day: 23)))

    @Flag(help: "Write comma-separated values, in the column order of the event table, without a header.")
    var csv = false

    @Flag(help: "Write a small stream with fixed totals; --events and --days have no effect.")
    var dashboard = false

    func validate() throws {
        guard (0...1_000_000_000).contains(events) else {
            throw ValidationError("--events must be a whole number from 0 to 1000000000.")
        }
        guard (1...3_650).contains(days) else { throw ValidationError("--days must be a whole number from 1 to 3650.") }
    }

    func run() throws {
        // A reader such as `head` may close the pipe early. That is no error.
        signal(SIGPIPE, SIG_IGN)
        do throws(SystemError) {
            try writeEvents()
        } catch  where error.code == EPIPE {
        } catch {
            try File.standardError.write("nexus-fixtures: \(error.description)\n")
            throw ArgumentParser.ExitCode(EX_IOERR)
        }
    }

    private func writeEvents() throws(SystemError) {
        let catalogue = Catalogue()
        var writer = LineWriter(format: csv ? .csv : .json, catalogue: catalogue)
        if dashboard {
            var dashboard = DashboardFixture(seed: seed, until: until, catalogue: catalogue)
            try dashboard.write(to: &writer)
        } else {
            let planner = SessionPlanner(events: events, days: days, until: until, seed: seed)
            try EventStream(planner: planner, catalogue: catalogue).write(to: &writer)
        }
        try writer.finish()
    }
}

/// One day of the Gregorian calendar in UTC.
struct CalendarDay {
    /// The number of milliseconds in a day.
    static let milliseconds = Int(Timestamp.millisecondsPerDay)

    /// Days since 1970-01-01.
    let number: Int

    /// The day of the week, from 0 for Sunday to 6 for Saturday.
    var weekday: Int { (number + 4) % 7 }

    /// Whether the day is Monday to Friday.
    var isWorkday: Bool { (1...5).contains(weekday) }
}

extension CalendarDay: ExpressibleByArgument {
    /// Reads `YYYY-MM-DD`. Years before 1980 are rejected, so that even a stream of 3650 days begins after 1970-01-01.
    init?(argument text: String) {
        guard text.utf8.count == 10, text >= "1980",
            let milliseconds = Timestamp.milliseconds(ofDatabaseText: text + " 00:00:00")
        else { return nil }
        self.init(number: Int(milliseconds) / Self.milliseconds)
    }

    var defaultValueDescription: String {
        String(Timestamp.rfc3339(Int64(number) * Timestamp.millisecondsPerDay).prefix(10))
    }
}
