import ArgumentParser
import EventModel
import Platform
import Service

struct FlushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flush", abstract: "Store what waits in the buffer now.")

    func run() async throws {
        let data = try DataFolder.readable()
        guard data.folder.exists, try RecordingSwitch.current(for: data) == .on else { return }
        guard try await Drainer(data: data).drainOrAsk(patience: .seconds(5)) else {
            throw CommandFailure(
                "another nexus process is storing events right now, and will store these too", .tryAgain)
        }
    }
}
