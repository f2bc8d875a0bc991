import Application
import ArgumentParser
import Core
import Sync
import SystemSupport

struct SyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Send new events to a destination of yours.",
        discussion: """
            A destination is a folder (file:///FOLDER), a server that accepts PUT (https://…, http://…), or ClickHouse \
            (clickhouse://HOST:PORT/DATABASE, clickhouses:// over TLS). Only this command sends events. The ledger \
            (ledger.ndjson in the data folder) lists each transfer; 'nexus sync log' prints it. Sending also works \
            while recording is off.

            A destination that was added with --aggregates receives no rows. It receives counts and durations of whole \
            days by command, outcome, error category and template. If a day changes here, the next sync replaces it \
            there.

            A purge does not remove events from a destination. After a purge, the next sync replaces the changed days \
            of aggregates there.

            EXAMPLES
              nexus sync --to file:///mnt/stick
              nexus sync --to company --dry-run
              nexus sync add company clickhouse://db.example.com/nexus --aggregates --allow names.txt
              nexus sync log
            """,
        subcommands: [Send.self, Add.self, List.self, Remove.self, Log.self], defaultSubcommand: Send.self)

    struct Send: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "send", abstract: "Send new events.",
            discussion: """
                User name and password come from NEXUS_SYNC_USER and NEXUS_SYNC_PASSWORD, or from a file of two lines \
                that only you may read (--credentials). After an interruption, the next run sends the remaining rows, \
                and no row arrives twice.

                EXAMPLES
                  nexus sync send --to file:///mnt/stick
                  nexus sync send --to company --dry-run
                """)

        @Option(
            help: ArgumentHelp(
                "The destination: a URL, or a name from 'nexus sync add'. Optional if there is only one name.",
                valueName: "destination"))
        var to: String?

        @Option(help: ArgumentHelp("A file with the user name and the password.", valueName: "file"))
        var credentials: String?

        @Flag(help: "Print what would be sent, and send nothing. For aggregates, print the exact bytes.")
        var dryRun = false

        @Flag(help: "Send everything once more, for a destination that lost its data.")
        var again = false

        @Flag(help: "Start a new ledger, after you have moved the damaged ledger and ledger.head away.")
        var newLedger = false

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            guard !(newLedger && dryRun) else {
                throw ValidationError("--new-ledger and --dry-run exclude each other.")
            }
        }

        /// The maximum number of rows that a dry run shows.
        private static let shownRows = 3

        func run() async throws {
            let data = try DataFolder.readable()
            let destination: Destination
            switch try Destinations(in: data).find(to) {
            case .rows(let rows): destination = rows
            case .aggregates(let name, let entry):
                return try await AggregateRun(
                    name: name, entry: entry, data: data, credentials: credentials, isDryRun: dryRun, fromStart: again,
                    beginsLedger: newLedger, isJSON: json
                ).run()
            }
            let credentials = try Credentials.load(file: credentials)
            try await ReadingCommand.storeWaiting(in: data)
            guard let plan = try SyncPlan(destination, data: data, parts: Composition.writer) else {
                return try write(SyncReport(.init(), to: destination))
            }
            if dryRun {
                let preview = try await plan.preview(fromStart: again, firstRows: Self.shownRows)
                let report = PreviewReport(preview, to: destination)
                return try CommandContext.current.write(json ? report.json.document : report.text)
            }
            if credentials != nil, destination.isReadableOnTheWay {
                try CommandContext.current.report(
                    "nexus: the connection is not encrypted: others may read user name, password and events; use https:// or "
                        + "clickhouses://\n")
            }
            if newLedger, try await !plan.acceptNewLedger() { throw CommandFailure.writerIsBusy }
            let bar = ProgressLine(total: 1000)
            let summary = try await CancelOnSignal.run(ifStopped: "confirmed events are not sent again") {
                defer { bar?.clear() }
                return try await plan.send(fromStart: again, credentials: credentials) { Self.show($0, on: bar) }
            }
            try write(SyncReport(summary, to: destination))
        }

        private func write(_ report: SyncReport) throws {
            try CommandContext.current.write(json ? report.json.document : report.text)
        }

        static func show(_ progress: Transmission.Progress, on bar: ProgressLine?) {
            switch progress {
            case .sent(_, let share): bar?.show(Int(share * 1000))
            case .waiting(let error, _):
                // The message is for a user who watches the progress bar.
                guard let bar else { return }
                bar.clear()
                try? CommandContext.current.report("nexus: \(error.description) (trying again)\n")
            }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Store a destination under a name.",
            discussion: """
                With --aggregates, the destination receives no rows. For each day it receives the number of runs, \
                their total time and a histogram of their durations. Each combination of command, event type, \
                outcome, error category and template has its own figures. Their id is random, not this installation's id.

                The command prints the recorded names that would be sent. --allow limits them to the names in a file, \
                with lines such as 'command git push', 'category exit_1' and 'template service'. Any other name \
                becomes '(other)'. Nexus copies the list: if you change the file, run the command again.

                EXAMPLES
                  nexus sync add stick file:///mnt/stick
                  nexus sync add company clickhouses://db.example.com/nexus
                  nexus sync add company clickhouses://db.example.com/nexus --aggregates --allow names.txt
                """)

        @Argument(help: ArgumentHelp("The name: A-Z a-z 0-9 . _ -", valueName: "name"))
        var name: String

        @Argument(help: ArgumentHelp("The URL.", valueName: "url"))
        var url: String

        @Flag(help: "Send sums of whole days, and never rows.")
        var aggregates = false

        @Option(
            help: ArgumentHelp("A file with the names that may be sent with aggregates.", valueName: "file"),
            completion: .file())
        var allow: String?

        @Flag(help: "Use a new id: this folder is a copy, and the original is still in use.")
        var renew = false

        @Flag(help: "Keep the id: this folder is a copy, and the original no longer exists.")
        var keep = false

        func validate() throws {
            guard aggregates || (allow == nil && !renew && !keep) else {
                throw ValidationError("--allow, --renew and --keep need --aggregates.")
            }
            guard !renew || !keep else { throw ValidationError("Give one of --renew and --keep.") }
        }

        func run() async throws {
            let destination = try Destination(url)
            if aggregates {
                try await AggregateAddition(
                    name: name, destination: destination, listPath: allow, renews: renew, keeps: keep
                ).run()
            } else {
                try Destinations(in: .required()).add(name, destination)
            }
            if destination.isReadableOnTheWay {
                try CommandContext.current.report(
                    "nexus: the connection is not encrypted: others may read what is sent; use https:// or clickhouses://\n"
                )
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the destinations.",
            discussion: """
                EXAMPLES
                  nexus sync list
                  nexus sync list --json
                """)

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let report = DestinationsReport(try Destinations(in: .required()))
            try CommandContext.current.write(json ? report.json.document : report.text)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract: "Remove a destination from the settings. Sent events stay at the destination and in the ledger.",
            discussion: """
                If the destination has days of aggregates, give --withdraw or --keep. With --withdraw, the command \
                first replaces these days with empty days. With --keep, they stay there.

                EXAMPLES
                  nexus sync remove stick
                  nexus sync remove company --withdraw
                """
        )

        @Argument(help: ArgumentHelp("The name.", valueName: "name"))
        var name: String

        @Flag(help: "First replace the days of aggregates at the destination with empty days.")
        var withdraw = false

        @Flag(help: "Leave the days of aggregates at the destination.")
        var keep = false

        @Option(help: ArgumentHelp("A file with the user name and the password.", valueName: "file"))
        var credentials: String?

        func validate() throws {
            guard !withdraw || !keep else { throw ValidationError("Give one of --withdraw and --keep.") }
        }

        func run() async throws {
            let data = try DataFolder.required()
            let destinations = try Destinations(in: data)
            guard let entry = destinations.aggregates[name] else { return try destinations.remove(name) }
            try await AggregateRemoval(
                name: name, entry: entry, data: data, credentials: credentials, withdraws: withdraw, keeps: keep
            ).run()
        }
    }

    struct Log: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "log", abstract: "List the transfers, and check that the ledger was not altered.",
            discussion: """
                Each line of the ledger has the SHA-256 of the line before it. The file ledger.head and the database \
                have the number of lines. The command therefore detects an altered or removed line, unless a program \
                rewrote all three: ledger, ledger.head and database.

                EXAMPLES
                  nexus sync log
                """)

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let data = try DataFolder.readable()
            var log = TransferLog()
            let findings = try LedgerReader.read(data) { log.observe($0) }
            let report = LedgerReport(log.finished(), findings)
            try CommandContext.current.write(json ? report.json.document : report.text)
            if let damage = findings.damage { throw SyncError.damagedLedger(path: data.ledgerPath, damage) }
        }
    }
}

extension Destination {
    /// Whether others on the network could read the transferred data.
    var isReadableOnTheWay: Bool { address.map { !$0.isEncrypted && !$0.isLocal } ?? false }
}
