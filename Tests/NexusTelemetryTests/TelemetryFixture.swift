import Core
import SystemSupport
import TestSupport

@testable import NexusTelemetry

/// A telemetry over a folder of the test's own, with an environment that the test decides.
struct TelemetryFixture {
    let folder: TemporaryFolder
    let telemetry: Telemetry

    init(bufferBytes: Int? = nil, environment: [String: String] = [:]) throws {
        folder = try TemporaryFolder()
        var options = Telemetry.Options()
        options.dataFolder = folder.data.folder.path
        if let bufferBytes { options.bufferBytes = bufferBytes }
        telemetry = try Telemetry(options) { environment[$0] ?? ["NEXUS_SESSION": "test"][$0] }
    }

    /// An event that its number of services tells from the others.
    static func event(_ number: Int) -> TelemetryEvent {
        var event = TelemetryEvent.command("swift build", duration: .milliseconds(12), success: true)
        event.services = number
        return event
    }

    /// Makes every append fail, by a file where the folder of the buffer should be.
    func obstruct() throws {
        do { _ = try File(opening: folder.data.bufferFolder.path, [.write, .create]) }
    }

    func clear() throws {
        try folder.data.folder.remove("buffer")
    }

    /// Records until there is no room, and returns how many were taken.
    func fill() -> Int {
        var taken = 0
        while telemetry.record(Self.event(taken)) == .recorded { taken += 1 }
        return taken
    }
}
