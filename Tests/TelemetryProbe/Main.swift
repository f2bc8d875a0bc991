import Foundation
import NexusTelemetry

/// A program as a user of the library would write it, for tests that kill it: it records so many events, flushes, says
/// so, and then goes on recording until it is killed.
///
///     TelemetryProbe <data folder> <events>
@main
struct TelemetryProbe {
    static func main() async throws {
        var options = Telemetry.Options()
        options.dataFolder = CommandLine.arguments[1]
        let telemetry = try Telemetry(options)
        let flushed = Int(CommandLine.arguments[2]) ?? 0
        for number in 0..<flushed { await telemetry.recordWaitingForRoom(event(number)) }
        try await telemetry.flush()
        try FileHandle.standardOutput.write(contentsOf: Data("flushed\n".utf8))
        var number = flushed
        while true {
            await telemetry.recordWaitingForRoom(event(number))
            number += 1
        }
    }

    /// The services number the event.
    private static func event(_ number: Int) -> TelemetryEvent {
        var event = TelemetryEvent.command(
            "make all", success: true, workspace: "confidential-client-workspace", task: "acquire the competitor")
        event.services = number
        return event
    }
}
