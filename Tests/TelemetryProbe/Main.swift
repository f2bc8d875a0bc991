import Foundation
import NexusTelemetry

/// A program as a user of the library would write it, for tests that kill it: it records so many events, flushes, says
/// so, and then goes on recording until it is killed.
///
///     TelemetryProbe <data folder> <events> [<file with a JSON array of texts to put into every field>]
@main
struct TelemetryProbe {
    static func main() async throws {
        var options = Telemetry.Options()
        options.dataFolder = CommandLine.arguments[1]
        let telemetry = try Telemetry(options)
        let flushed = Int(CommandLine.arguments[2]) ?? 0
        if CommandLine.arguments.count > 3 {
            let file = try Data(contentsOf: URL(filePath: CommandLine.arguments[3]))
            for text in try JSONDecoder().decode([String].self, from: file) {
                for event in events(with: text) { await telemetry.recordWaitingForRoom(event) }
            }
        }
        for number in 0..<flushed { await telemetry.recordWaitingForRoom(event(number)) }
        try await telemetry.flush()
        try FileHandle.standardOutput.write(contentsOf: Data("flushed\n".utf8))
        var number = flushed
        while true {
            await telemetry.recordWaitingForRoom(event(number))
            number += 1
        }
    }

    /// Events with the text in one field each.
    private static func events(with text: String) -> [TelemetryEvent] {
        var events = [TelemetryEvent.command(text), .command("make", workspace: text, task: text)]
        for field in [\TelemetryEvent.errorCategory, \.template, \.session] {
            var event = TelemetryEvent.command("make")
            event[keyPath: field] = text
            events.append(event)
        }
        return events
    }

    /// The services number the event.
    private static func event(_ number: Int) -> TelemetryEvent {
        var event = TelemetryEvent.command(
            "make all", success: true, workspace: "confidential-client-workspace", task: "acquire the competitor")
        event.services = number
        return event
    }
}
