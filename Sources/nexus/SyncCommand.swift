import Application
import ArgumentParser
import Core
import Sync
import SystemSupport

struct SyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Send what was not sent yet to a place of yours.",
        discussion: """
            A destination is a folder (file:///FOLDER), a server that takes PUT (https://…, http://…), or ClickHouse \
            (clickhouse://HOST:PORT/DATABASE, clickhouses:// over TLS). Nothing is ever sent but by this command, and \
            ledger.ndjson in the data folder says what went where: 'nexus sync log'. It sends, and writes the ledger, also \
            while recording is off: what is off then is recording.

            What a purge removes here stays where it was sent.

            EXAMPLES
              nexus sync --to file:///mnt/stick
              nexus sync --to company --dry-run
              nexus sync log
            """,
        subcommands: [Send.self, Add.self, List.self, Remove.self, Log.self], defaultSubcommand: Send.self)

    struct Send: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "send", abstract: "Send what was not sent yet.",
            discussion: """
                User name and password come from NEXUS_SYNC_USER and NEXUS_SYNC_PASSWORD, or from a file of two lines that \
                only you may read. Whatever interrupts it, the next run goes on where it stopped, and no row arrives twice.

                EXAMPLES
                  nexus sync send --to file:///mnt/stick
                  nexus sync send --to company --dry-run
                """)

        @Option(
            help: ArgumentHelp(
                "Where to: a URL, or a name given with 'nexus sync add'. May be left out where there is one name.",
                valueName: "destination"))
        var to: String?

        @Option(help: ArgumentHelp("A file with the user name and the password.", valueName: "file"))
        var credentials: String?

        @Flag(help: "Show what would go and send nothing.")
        var dryRun = false

        @Flag(help: "Begin with the first event, as to a place that has lost what it had.")
        var again = false

        @Flag(help: "Begin a new ledger, where a damaged one was moved away.")
        var newLedger = false

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            guard !(newLedger && dryRun) else { throw ValidationError("--new-ledger does not go with --dry-run.") }
        }

        /// Limit of rows that a dry run shows.
        private static let shownRows = 3

        func run() async throws {
            let data = try DataFolder.readable()
            let destination = try Destinations(in: data).find(to)
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
                    "nexus: user name, password and events travel readable by others on the way; https:// or "
                        + "clickhouses:// would not\n")
            }
            if newLedger, try await !plan.acceptNewLedger() { throw CommandFailure.writerIsBusy }
            let bar = ProgressLine(total: 1000)
            let summary = try await CancelOnSignal.run(ifStopped: "what was confirmed is not sent again") {
                defer { bar?.clear() }
                return try await plan.send(fromStart: again, credentials: credentials) { Self.show($0, on: bar) }
            }
            try write(SyncReport(summary, to: destination))
        }

        private func write(_ report: SyncReport) throws {
            try CommandContext.current.write(json ? report.json.document : report.text)
        }

        private static func show(_ progress: Transmission.Progress, on bar: ProgressLine?) {
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

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Remember a destination by a name.",
            discussion: """
                EXAMPLES
                  nexus sync add stick file:///mnt/stick
                  nexus sync add company clickhouses://db.example.com/nexus
                """)

        @Argument(help: ArgumentHelp("What to call it: A-Z a-z 0-9 . _ -", valueName: "name"))
        var name: String

        @Argument(help: ArgumentHelp("Where it is.", valueName: "url"))
        var url: String

        func run() throws {
            let destination = try Destination(url)
            try Destinations(in: .required()).add(name, destination)
            if destination.isReadableOnTheWay {
                try CommandContext.current.report(
                    "nexus: what is sent there can be read by others on the way; https:// or clickhouses:// could not\n"
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
            let list = try Destinations(in: .required()).all
            if json {
                let urls = list.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .string($0.value)) }
                let value: JSONValue = ["destinations": .object(urls), "schema": .integer(1)]
                return try CommandContext.current.write(value.document)
            }
            guard !list.isEmpty else { return try CommandContext.current.write("No destinations yet.\n") }
            let width = list.keys.map(\.count).max() ?? 0
            let lines = list.sorted { $0.key < $1.key }.map { name, url in
                let blanks = String(repeating: " ", count: width - name.count)
                return "\(name.escapedForDisplay)\(blanks)  \(url.escapedForDisplay)\n"
            }
            try CommandContext.current.write(lines.joined())
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract: "Forget a destination. What was sent there stays there, and in the ledger.",
            discussion: """
                EXAMPLES
                  nexus sync remove stick
                """
        )

        @Argument(help: ArgumentHelp("What it is called.", valueName: "name"))
        var name: String

        func run() throws { try Destinations(in: .required()).remove(name) }
    }

    struct Log: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "log", abstract: "Show what was sent where, and check that the ledger is as it was written.",
            discussion: """
                Each line of the ledger holds the SHA-256 of the one before, and ledger.head and the database tell how many \
                there are: a line that was altered or removed shows. It does not if all three were written again.

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
