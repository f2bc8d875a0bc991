import Foundation
import NexusTelemetry

/// A program as a user of the library would write it, for tests that kill it: it records so many events, flushes, says
/// so, and then goes on recording until it is killed.
///
///     TelemetryProbe <data folder> <events> [<number of the first> | <file with a JSON array of texts> | --end]
///     TelemetryProbe <data folder> <events> <number of the first> --called
///
/// With a number each event's duration is its number, and the rest of it follows from that. The texts of a file are put
/// into every field first, an event for each. With `--end` it ends when it has flushed. With `--called` it does so for
/// every line of its input, and ends with that.
@main
struct TelemetryProbe {
    static func main() async throws {
        var options = Telemetry.Options()
        options.dataFolder = CommandLine.arguments[1]
        let telemetry = try Telemetry(options)
        let flushed = Int(CommandLine.arguments[2]) ?? 0
        let extra = CommandLine.arguments.count > 3 ? CommandLine.arguments[3] : nil
        let first = extra.flatMap { Int($0) }
        if let extra, extra != "--end", first == nil {
            let file = try Data(contentsOf: URL(filePath: extra))
            for text in try JSONDecoder().decode([String].self, from: file) {
                for event in events(with: text) { await telemetry.recordWaitingForRoom(event) }
            }
        }
        if CommandLine.arguments.last == "--called" {
            return try await recordOnCall(telemetry, flushed, from: first ?? 0)
        }
        for number in 0..<flushed { await telemetry.recordWaitingForRoom(event(number, behind: first)) }
        try await telemetry.flush()
        try FileHandle.standardOutput.write(contentsOf: Data("flushed\n".utf8))
        if extra == "--end" { return try await telemetry.shutdown() }
        var number = flushed
        while true {
            await telemetry.recordWaitingForRoom(event(number, behind: first))
            number += 1
        }
    }

    /// Records `count` events, flushes them and says so, for every line of the input.
    private static func recordOnCall(_ telemetry: Telemetry, _ count: Int, from first: Int) async throws {
        var number = 0
        while readLine() != nil {
            for _ in 0..<count {
                await telemetry.recordWaitingForRoom(event(number, behind: first))
                number += 1
            }
            try await telemetry.flush()
            try FileHandle.standardOutput.write(contentsOf: Data("flushed\n".utf8))
        }
        try await telemetry.shutdown()
    }

    /// Events with the text in one field each.
    private static func events(with text: String) -> [TelemetryEvent] {
        var events = [TelemetryEvent(type: text), .command(text)]
        for field in [\TelemetryEvent.type, \.workspace, \.task, \.errorCategory, \.template, \.session] {
            var event = TelemetryEvent.command("make")
            event[keyPath: field] = text
            events.append(event)
        }
        return events
    }

    private static func event(_ index: Int, behind first: Int?) -> TelemetryEvent {
        let number = (first ?? 0) + index
        var event = TelemetryEvent.command(
            "make all", success: first == nil || number % 7 != 0, workspace: "confidential-client-workspace",
            task: "acquire the competitor")
        // Without a first number the services alone number the event.
        event.services = first == nil ? number : number % 1000
        if first != nil { event.duration = .milliseconds(number) }
        return event
    }
}
