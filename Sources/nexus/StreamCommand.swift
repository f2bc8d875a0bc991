import Application
import ArgumentParser
import Core
import Foundation
import Recording
import Reports
import SystemSupport

/// `nexus record --stdin`: runs the stream and reports its progress to the user.
struct StreamCommand {
    let data: DataFolder
    let recording: RecordingPolicy
    let command: RecordCommand

    func run() async throws {
        let summary: StreamRecorder.Summary
        if case .off = recording {
            // The input is read even while recording is off. Otherwise the pipe would close, and the program that
            // writes to it would fail.
            try discardInput()
            summary = StreamRecorder.Summary()
        } else {
            summary = try await record()
        }
        if command.json {
            try CommandContext.current.write(json(summary).document)
        } else {
            try CommandContext.current.report(sentence(summary) + "\n")
        }
        if let failure = summary.storeFailure { throw failure }
        if let signal = summary.signal { throw ArgumentParser.ExitCode(128 + signal) }
        if summary.refused > 0 { throw ArgumentParser.ExitCode(SystemSupport.ExitCode.rejectedInput.rawValue) }
    }

    private func record() async throws -> StreamRecorder.Summary {
        FirstNotice.showIfDue(data)
        let signals = try StopSignals()
        var options = StreamRecorder.Options()
        options.durable = command.durable
        options.strict = command.strict
        let input = File.standardInput
        let status = try input.status()
        let bar = status.isRegular ? ProgressLine(total: status.size) : nil
        let acknowledges = command.ack
        defer { bar?.clear() }
        return try await StreamRecorder(data: data, options: options).record(input, signals: signals) { progress in
            switch progress {
            case .rejected(let line, let rejection):
                bar?.clear()
                try? CommandContext.current.report("nexus: line \(line) not recorded: \(rejection.message)\n")
            case .notOnDisk(let error):
                bar?.clear()
                try? CommandContext.current.report("nexus: accepted events may not survive a power cut: \(error)\n")
            case .accepted(let events, let rejected, let bytes):
                bar?.show(bytes)
                guard acknowledges else { return }
                let value: JSONValue = ["accepted": .integer(events), "rejected": .integer(rejected)]
                try? CommandContext.current.write(value.text(.line) + "\n")
            }
        }
    }

    private func discardInput() throws {
        let input = File.standardInput
        var bytes: [UInt8] = []
        while try input.read(appendingTo: &bytes, limit: Limits.inputChunkBytes) > 0 {
            bytes.removeAll(keepingCapacity: true)
        }
    }

    /// Returns the summary as JSON. The keys must not change, because scripts read them.
    private func json(_ summary: StreamRecorder.Summary) -> JSONValue {
        [
            "accepted": .integer(summary.accepted), "received": .integer(summary.received),
            "rejected": .integer(summary.rejected), "seconds": .number(summary.seconds),
            "stored": .integer(summary.stored),
        ]
    }

    private func sentence(_ summary: StreamRecorder.Summary) -> String {
        if case .off(let reason) = recording { return "nexus: nothing recorded: \(reason.escapedForDisplay)" }
        let rate = summary.seconds > 0 ? Int(Double(summary.received) / summary.seconds) : 0
        let off = summary.discarded > 0 ? "; \(summary.discarded) discarded while recording was off" : ""
        return "nexus: \(summary.received) received, \(summary.accepted) accepted, \(summary.rejected) rejected, "
            + "\(summary.stored) stored in \(String(format: "%.2f", summary.seconds)) s (\(rate) events/s)\(off)"
    }
}
