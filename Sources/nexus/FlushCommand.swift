import Application
import ArgumentParser
import Core
import Database
import SystemSupport

struct FlushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flush", abstract: "Store what waits in the buffer now.")

    func run() async throws {
        let data = try DataFolder.readable()
        guard data.folder.exists else { return }
        if case .off(let reason) = try RecordingPolicy.current(for: data) {
            let waiting = try EventCounters.current(in: data).pending
            guard waiting > 0 else { return }
            throw CommandFailure(
                "recording is off, as \(reason.escapedForDisplay): \(waiting.counted("event")) pending until it is on again",
                .settings)
        }
        guard try await Drainer(data: data).drainOrAsk(patience: .seconds(5)) else {
            throw CommandFailure(
                "another nexus process is storing events right now, and will store these too", .tryAgain)
        }
    }
}
