import Foundation
import NexusTelemetry

/// What a call of the library costs a program, beside the system call that it spares it: prints the nanoseconds of one
/// `record` and of one write(2) of 200 bytes, each the median of many rounds, the two in turn.
@main
struct RecordLatency {
    private static let rounds = 400
    /// Calls in a round, so that reading the clock does not count; fewer than fill the memory for events, so that every
    /// call records.
    private static let calls = 1000

    private static let event = TelemetryEvent.command(
        "swift build", duration: .milliseconds(1234), success: true, workspace: "client-site", task: "build the release"
    )

    static func main() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "nexus-latency-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var options = Telemetry.Options()
        options.dataFolder = folder.path
        let telemetry = try Telemetry(options)
        let descriptor = open(folder.path + "/file", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        precondition(descriptor >= 0)
        let bytes = [UInt8](repeating: 7, count: 200)
        telemetry.record(event)

        var recording: [Double] = []
        var writing: [Double] = []
        for _ in 0..<rounds {
            try await telemetry.flush()
            recording.append(perCall { telemetry.record(event) })
            writing.append(perCall { precondition(write(descriptor, bytes, bytes.count) == bytes.count) })
        }
        precondition(telemetry.counters.dropped == 0)
        try await telemetry.shutdown()
        print(median(recording), median(writing))
    }

    /// Nanoseconds of one call.
    private static func perCall(_ call: () -> Void) -> Double {
        let duration = ContinuousClock().measure {
            for _ in 0..<calls { call() }
        }
        return duration / .nanoseconds(1) / Double(calls)
    }

    private static func median(_ values: [Double]) -> Int { Int(values.sorted()[values.count / 2].rounded()) }
}
