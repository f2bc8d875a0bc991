import Application
import ArgumentParser
import Core
import Maintenance
import Recording
import Reports
import Sync
import SystemSupport

struct TelemetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "telemetry", abstract: "Show what is recorded, switch recording on or off, and remove events.",
        discussion: """
            EXAMPLES
              nexus telemetry status
              nexus telemetry off
              nexus telemetry purge --command make --dry-run
            """,
        subcommands: [
            Status.self, On.self, Off.self, Explain.self, Purge.self, Rekey.self, Retain.self,
        ], defaultSubcommand: Status.self)

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Show whether events are recorded, the data folder, and the counters.",
            discussion: """
                It writes nothing: pending events are counted, not stored.

                EXAMPLES
                  nexus telemetry status
                  nexus telemetry status --json
                """)

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let data = try DataFolder.required()
            var report = try StatusReport(of: data)
            switch ServiceState.of(data, environment: CommandContext.current.environment) {
            case .running(let processID): report.service = "running, process \(processID)"
            case .stopped: report.service = "not running; lines in its pipe wait until 'nexus serve' is started again"
            case .neverStarted: break
            }
            report.cost = try CostLog(data).summary().map { .init(calls: $0.calls, p50: $0.p50, p99: $0.p99) }
            report.keyProblem = FolderDoctor(data: data).keyProblem(hasEvents: report.hasEvents)
            (report.sent, report.sentProblem) = try Self.sent(from: data)
            try CommandContext.current.write(json ? report.json.document : report.text)
        }

        /// Returns the sums of the transfers in the ledger, for each destination and separately for rows and
        /// aggregates. `problem` describes the damage of the ledger; nil if the ledger is intact.
        private static func sent(from data: DataFolder) throws -> ([StatusReport.Sent], problem: String?) {
            var sent: [String: StatusReport.Sent] = [:]
            let findings = try LedgerReader.read(data) { entry in
                guard entry.event == .sent else { return }
                let isDay = entry.version != nil
                let key = isDay ? "aggregates " + entry.destination : entry.destination
                var line =
                    sent[key] ?? .init(destination: entry.destination, transfers: 0, rows: 0, bytes: 0, last: entry.at)
                line.transfers += 1
                if isDay { line.days += 1 } else { line.rows = line.rows.saturatingSum(entry.rows) }
                line.bytes = line.bytes.saturatingSum(entry.bytes)
                line.last = entry.at
                sent[key] = line
            }
            return (
                sent.values.sorted { ($0.destination, $0.days) < ($1.destination, $1.days) },
                findings.damage?.description
            )
        }
    }

    struct On: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "on", abstract: "Switch recording on.",
            discussion: """
                The environment and .nexus-telemetry-off files may still switch it off.

                EXAMPLES
                  nexus telemetry on
                """)

        func run() async throws {
            let data = try DataFolder.required()
            try TelemetryControl(data: data).switchOn()
            if case .off(let reason) = try RecordingPolicy.current(for: data) {
                try CommandContext.current.write("Recording is on, but not here: \(reason.escapedForDisplay).\n")
            } else {
                try CommandContext.current.write("Recording is on.\n")
            }
        }
    }

    struct Off: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "off", abstract: "Switch recording off, also in running processes.",
            discussion: """
                Recorded events stay. When the command returns, no process writes to the data folder any more: no \
                service, stream, other running program or new process.

                EXAMPLES
                  nexus telemetry off
                """)

        func run() async throws {
            let start = SystemClock.monotonicNanoseconds()
            try CommandFailure.require(try await TelemetryControl(data: .required()).switchOff())
            let milliseconds = (SystemClock.monotonicNanoseconds() - start + 999_999) / 1_000_000
            try CommandContext.current.write(
                "Recording is off; running processes stopped within \(milliseconds) ms.\n")
        }
    }
}

extension CommandFailure {
    /// Throws if a process may still write although recording was switched off.
    static func require(_ outcome: TelemetryControl.OffOutcome?) throws {
        switch outcome {
        case nil, .isQuiet: break
        case .writerIsBusy:
            throw CommandFailure(
                "recording is off, but a nexus process has not closed the database yet; run the command again",
                .tryAgain)
        case .hasStopped(let path):
            throw CommandFailure(
                "recording is off, but a stopped process may still finish a write to \(path.escapedForDisplay); "
                    + "continue or end that process, and run the command again", .tryAgain)
        case .unknownWriter(let error):
            throw CommandFailure(
                "recording is off, but a nexus process may still be working on the database: \(error.description)",
                .inputOutput)
        }
    }
}
