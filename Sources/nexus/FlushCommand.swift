import Application
import ArgumentParser
import Core
import SystemSupport

struct FlushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flush", abstract: "Store the pending events of the buffer now.",
        discussion: """
            After an update of Nexus, it also recomputes the aggregates of rows that an earlier version stored.

            EXAMPLES
              nexus flush && cp -r "$NEXUS_DATA_DIR" /mnt/backup
            """)

    func run() async throws {
        let data = try DataFolder.readable()
        guard data.folder.exists else { return }
        if case .off(let reason) = try RecordingPolicy.current(for: data) {
            let waiting = try Drainer(data: data).pendingEvents()
            guard waiting > 0 else { return }
            throw CommandFailure(
                "cannot store \(waiting.counted("event")): recording is off, as \(reason.escapedForDisplay); "
                    + "switch it on first", .settings)
        }
        let bar = ProgressLine(total: 1000)
        defer { bar?.clear() }
        guard
            try await Drainer(data: data).drainOrAsk(
                patience: .seconds(5), catchingUp: { bar?.show(Int($0 * 1000)) })
        else {
            throw CommandFailure(
                "another nexus process is storing events, and will store the pending events too", .tryAgain)
        }
    }
}

/// The first step of every command that reads. It stores pending events, and reports if the answer will lack events.
enum ReadingCommand {
    /// Longest time that a report waits for another writer. After a longer wait a user would think that the command
    /// hangs.
    private static let patience: Duration = .seconds(2)

    /// Stores the pending events. Writes a message to standard error if the answer will lack events.
    /// - Parameters:
    ///   - data: the data folder.
    ///   - isQuiet: whether to omit messages to standard error. With `--watch` a message would appear in the middle of
    ///     the screen.
    static func storeWaiting(in data: DataFolder, isQuiet: Bool = false) async throws {
        let missing = try await Drainer(data: data).prepareReport(patience: patience)
        try note(sentence(on: missing), isQuiet: isQuiet)
    }

    /// Writes a sentence about the answer to standard error. Does nothing if `sentence` is nil or `isQuiet` is true.
    static func note(_ sentence: String?, isQuiet: Bool = false) throws {
        guard let sentence, !isQuiet else { return }
        try CommandContext.current.report("nexus: \(sentence)\n")
    }

    private static func sentence(on missing: Drainer.Missing) -> String? {
        switch missing {
        case .nothing: nil
        case .pendingWhileOff:
            "recording is off: events that were pending when it was switched off are not included"
        case .pending: "some events are pending and not included yet"
        case .withoutIDs(let sentence): sentence
        }
    }
}
