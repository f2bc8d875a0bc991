import EventModel
import Platform
import Service

/// What every command does that reads: first store what waits, if nobody else is at it.
enum ReadingCommand {
    static func storeWaiting(in data: DataFolder) async throws {
        guard data.folder.exists, RecordingSwitch.of(environment: Environment.value) == .on else { return }
        try await Drainer(data: data).drainIfFree()
    }
}
