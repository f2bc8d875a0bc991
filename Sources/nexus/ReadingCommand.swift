import EventModel
import Platform
import Service

/// What every command does that reads: first have stored what waits, by itself or by the service. A report that comes
/// out a little behind is better than none, so a writer that takes too long is not waited for.
enum ReadingCommand {
    static func storeWaiting(in data: DataFolder) async throws {
        guard data.folder.exists, RecordingSwitch.of(environment: Environment.value) == .on else { return }
        _ = try await Drainer(data: data).drainOrAsk()
    }
}
