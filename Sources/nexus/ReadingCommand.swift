import Application
import Core
import Database
import SystemSupport
import WriteAheadBuffer

/// What every command does that reads: first have stored what waits, by itself or by the service. A report that comes
/// out a little behind is better than none, so a writer that takes too long is not waited for.
enum ReadingCommand {
    /// How long a report waits for another writer: what a person waits for without wondering.
    private static let patience: Duration = .seconds(2)

    /// `isQuiet` where a sentence on standard error would stand in the middle of a screen.
    static func storeWaiting(in data: DataFolder, isQuiet: Bool = false) async throws {
        guard data.folder.exists else { return }
        guard try RecordingPolicy.current(for: data) == .on else {
            // What was accepted before still waits, and nothing may be written now.
            let waiting = isQuiet ? 0 : try EventCounters.current(in: data).pending
            guard waiting > 0 else { return }
            return try File.standardError.write(
                "nexus: recording is off, and what waited to be stored when it was switched off is not in this\n")
        }
        do {
            if try await Drainer(data: data).drainOrAsk(patience: patience) { return }
        } catch let error as StoreError where error.isHoldUp {
        } catch let error as StoreError where error.isOutOfIDs {
            // What is stored can still be read, and has to be exported before the ids can start again.
            return isQuiet ? () : try File.standardError.write("nexus: \(error.description)\n")
        } catch let error where Self.isPermission(error) {
            // What cannot be written can still be read.
            if try WriteAheadBuffer(folder: data.bufferFolder).segments().isEmpty { return }
        }
        if isQuiet { return }
        try File.standardError.write("nexus: some events wait to be stored and are not in this report yet\n")
    }

    private static func isPermission(_ error: any Error) -> Bool {
        switch error {
        case let error as SystemError: error.isPermission
        case StoreError.notPermitted: true
        default: false
        }
    }
}
