import Application
import ArgumentParser
import Core
import Maintenance
import Reports
import Sync
import SystemSupport

/// The subcommands that remove data: `purge`, `rekey`, `retain`.
extension TelemetryCommand {
    struct Purge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "purge", abstract: "Remove recorded events permanently.",
            discussion: """
                If you give several conditions, it removes the events that meet all of them, with their counts and \
                names. It also removes all snapshots in the data folder. Then it searches every remaining byte for the \
                removed values. Other programs may record during a purge; their new events stay. --all removes the key \
                too. The ledger of transfers (ledger.ndjson) stays.

                Events that you sent stay at their destinations. The receipt names each destination and explains how \
                to remove them there. The next 'nexus sync' replaces the changed days of aggregates there. After --all \
                it withdraws these days and sends no more.

                EXAMPLES
                  nexus telemetry purge --before 2026-01-01 --dry-run
                  nexus telemetry purge --command make --yes
                  nexus telemetry purge --all
                """)

        @Option(help: ArgumentHelp("Remove events before this day.", valueName: "yyyy-mm-dd"))
        var before: String?

        @Option(help: "Remove events of this session.")
        var session: String?

        @Option(help: "Remove events of this command; 'git' includes 'git push'.")
        var command: String?

        @Flag(help: "Remove all events, and the key.")
        var all = false

        @OptionGroup var confirmation: Confirmation

        @Flag(help: "Print the receipt as JSON.")
        var json = false

        func validate() throws {
            guard all != (before != nil || session != nil || command != nil) else {
                throw ValidationError(
                    "Nothing to remove: give --all, or one or more of --before, --session and --command.")
            }
            // An unset variable in a script gives an empty value. An empty command would select every event without a
            // command.
            guard command?.isEmpty != true, session?.isEmpty != true else {
                throw ValidationError("--command and --session must not be empty.")
            }
        }

        func run() async throws {
            let data = try DataFolder.readable()
            let selection = try selection()
            if confirmation.dryRun {
                return try CommandContext.current.write("Would be removed: \(sentence(on: selection, in: data)).\n")
            }
            guard try confirmation.isGiven(for: "Permanently remove \(sentence(on: selection, in: data))?")
            else { return }
            let places = try SentPlaces(of: data).places
            // The settings of aggregates change before the purge. If the purge is then killed, the settings have no
            // list of names left, and no destination receives further days.
            if selection.isEverything { try AggregateSettingsFile(data).withdrawAll() }
            let bar = ProgressLine(total: 1000)
            defer { bar?.clear() }
            bar?.show(0)
            guard let receipt = try await Purger(data: data).purge(selection, progress: { bar?.show(Int($0 * 1000)) })
            else { throw CommandFailure.writerIsBusy }
            bar?.clear()
            let report = PurgeReport(
                receipt,
                places: places.map {
                    .init(destination: $0.destination, isAggregates: $0.isAggregates, removal: $0.removal)
                })
            try CommandContext.current.write(json ? report.json.document : report.text)
            guard receipt.foundIn.isEmpty else {
                throw CommandFailure(
                    "removed values are still in some files; the receipt lists them", .inputOutput)
            }
        }

        /// Returns the numbers of selected events and sessions as text.
        private func sentence(on selection: PurgeSelection, in data: DataFolder) throws -> String {
            let found = try Purger(data: data).preview(selection)
            let (counted, pending) = (found.countedEvents, found.pendingEvents)
            return found.events.counted("event") + " in " + found.sessions.counted("session")
                + (counted > 0 ? ", the counts of \(counted.counted("event")) whose rows are no longer kept" : "")
                + (pending > 0 ? ", and those of the \(pending.counted("pending event")) that match" : "")
        }

        private func selection() throws -> PurgeSelection {
            var selection = PurgeSelection()
            selection.session = session
            selection.command = command
            if let before {
                try CommandFailure.requireKnownZone()
                guard let day = ReportWindow.Day(before) else {
                    throw CommandFailure("--before must be a date that exists, as YYYY-MM-DD", .usage)
                }
                selection.before = LocalCalendar.start(of: day)
            }
            return selection
        }
    }

    struct Rekey: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rekey", abstract: "Create a new key: new hashes cannot be linked to earlier ones.",
            discussion: """
                From then on every workspace and task gets another hash, so reports list a workspace once under \
                each hash. The command destroys the old key. Running recorders use the new key immediately. Events \
                that are already recorded keep their hashes.

                EXAMPLES
                  nexus telemetry rekey --dry-run
                  nexus telemetry rekey --yes
                """)

        @OptionGroup var confirmation: Confirmation

        func run() async throws {
            let data = try DataFolder.readable()
            if confirmation.dryRun {
                return try CommandContext.current.write("A new key would be created, and the old one destroyed.\n")
            }
            guard
                try confirmation.isGiven(
                    for: "Create a new key? New hashes of workspaces and tasks will not match earlier ones.")
            else { return }
            // A database of an older version has no installation id yet. Its data folder has no destinations of
            // aggregates either, so `follow` has nothing to change.
            let before = try? AggregateSync.installation(of: data)
            guard try await Purger(data: data).renewKey() else { throw CommandFailure.writerIsBusy }
            try AggregateSettingsFile(data).follow(from: before, to: AggregateSync.installation(of: data))
            try CommandContext.current.write("There is a new key; the old one is destroyed.\n")
        }
    }

    struct Retain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retain", abstract: "Show or set the retention of rows: '90d', or 'forever'.",
            discussion: """
                Once a day, the process that stores events removes the rows that are older than the given time. Counts \
                and durations per day stay, so reports still include the removed events. By default Nexus keeps rows \
                forever. Without a time, the command prints the current setting.

                EXAMPLES
                  nexus telemetry retain
                  nexus telemetry retain 90d --yes
                  nexus telemetry retain forever
                """)

        @Argument(help: ArgumentHelp("How long to keep rows: '90d' (90 days), or 'forever'.", valueName: "time"))
        var time: String?

        @OptionGroup var confirmation: Confirmation

        func run() async throws {
            guard let time else {
                let data = try DataFolder.readable()
                return try CommandContext.current.write(Self.sentence(on: try SettingsFile(data).load().retentionDays))
            }
            let days = try Self.days(time)
            let data = try DataFolder.readable()
            if let days {
                let effect = try Self.effect(ofKeeping: days, in: data)
                if confirmation.dryRun { return try CommandContext.current.write("Would be removed: \(effect).\n") }
                guard try confirmation.isGiven(for: "Keep rows for \(days.counted("day")), and remove \(effect)?")
                else {
                    return
                }
                try CommandContext.current.write("To be removed: \(effect).\n")
            } else if confirmation.dryRun {
                return try CommandContext.current.write("Nothing would be removed.\n")
            }
            try SettingsFile(data).update { $0.set(retentionDays: days) }
            try CommandContext.current.write(Self.sentence(on: days))
        }

        private static func sentence(on days: Int?) -> String {
            days.map { "Rows are kept for \($0.counted("day")); older ones are removed when events are next stored.\n" }
                ?? "Rows are kept forever.\n"
        }

        /// Returns the numbers of events and sessions that are older than `days` days, as text.
        private static func effect(ofKeeping days: Int, in data: DataFolder) throws -> String {
            let found = try Purger(data: data).preview(keepingDays: days)
            return found.events.counted("event") + " in " + found.sessions.counted("session")
        }

        private static func days(_ time: String) throws -> Int? {
            if time == "forever" { return nil }
            guard time.hasSuffix("d"), let days = UInt16(digits: time.dropLast()).map(Int.init),
                Settings.retentionDaysRange.contains(days)
            else {
                throw CommandFailure("the retention must be 1d to 36500d, or 'forever'", .usage)
            }
            return days
        }
    }
}

/// The options that confirm a destructive command.
struct Confirmation: ParsableArguments {
    @Flag(help: "Print what would be done, and change nothing.")
    var dryRun = false

    @Flag(help: "Do not ask for confirmation.")
    var yes = false

    /// Returns whether the user confirms: with `--yes`, or with the answer to a question on the terminal.
    /// - Parameters:
    ///   - question: the text to print on the terminal.
    ///   - refusal: the message of the error that is thrown if there is neither `--yes` nor a terminal.
    func isGiven(
        for question: @autoclosure () throws -> String,
        refusal: String = "confirmation needed: this cannot be undone; give --yes, or --dry-run for a preview"
    ) throws -> Bool {
        if yes { return true }
        guard File.standardInput.isTerminal, File.standardError.isTerminal else {
            throw CommandFailure(refusal, .usage)
        }
        try CommandContext.current.report(question() + " [y/N] ")
        guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
            try CommandContext.current.report("Nothing was changed.\n")
            return false
        }
        return true
    }
}

extension CommandFailure {
    /// The failure of a command if another process that writes to the database did not yield in time.
    static let writerIsBusy = CommandFailure(
        "nothing was changed: another nexus process is storing events; try again later", .tryAgain)
}
