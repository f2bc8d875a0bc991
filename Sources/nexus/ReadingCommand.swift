import EventModel
import Platform
import Service
import Store
import WriteAheadBuffer

/// What every command does that reads: first have stored what waits, by itself or by the service. A report that comes
/// out a little behind is better than none, so a writer that takes too long is not waited for.
enum ReadingCommand {
    /// How long a report waits for another writer: what a person waits for without wondering.
    private static let patience: Duration = .seconds(2)

    /// `isQuiet` where a sentence on standard error would stand in the middle of a screen.
    static func storeWaiting(in data: DataFolder, isQuiet: Bool = false) async throws {
        guard data.folder.exists, try RecordingSwitch.current(for: data) == .on else { return }
        do {
            if try await Drainer(data: data).drainOrAsk(patience: patience) { return }
        } catch let error as StoreError where error.isHoldUp {
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
