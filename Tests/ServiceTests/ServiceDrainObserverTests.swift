import Core
import Logging
import Synchronization
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

@testable import Service

/// The log of a service whose drain fails.
struct ServiceDrainObserverTests {
    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let messages = LoggedMessages()
    private let folder: TemporaryFolder
    private let observer: ServiceDrainObserver

    init() throws {
        folder = try TemporaryFolder()
        let flusher = SegmentFlusher(buffer: WriteAheadBuffer(folder: folder.data.bufferFolder))
        observer = ServiceDrainObserver(
            scheduler: DrainScheduler(flusher: flusher), logger: messages.logger)
    }

    private var logged: [String] { messages.lines }

    @Test("A failure that repeats is logged once")
    func repeated() async throws {
        for _ in 0..<5 { try await observer.failed(Failure(description: "newer version")) }
        #expect(logged == ["newer version"])
    }

    @Test("Another failure, and the same one after a success, are logged")
    func changed() async throws {
        try await observer.failed(Failure(description: "newer version"))
        try await observer.failed(Failure(description: "disk full"))
        await observer.stored(3)
        try await observer.failed(Failure(description: "disk full"))
        await observer.foundNothing(since: 0, isBlocked: false)
        try await observer.failed(Failure(description: "disk full"))
        #expect(logged == ["newer version", "disk full", "disk full", "disk full"])
    }

    @Test("Control characters of an error are escaped in the log")
    func escaped() async throws {
        try await observer.failed(Failure(description: "a\u{1B}[2Jb"))
        #expect(logged.count == 1 && !logged[0].contains("\u{1B}"))
    }
}

/// Keeps the messages that a service logs.
final class LoggedMessages: LogHandler, Sendable {
    private let messages = Mutex<[String]>([])
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) { messages.withLock { $0.append("\(event.message)") } }

    /// The messages so far.
    var lines: [String] { messages.withLock { $0 } }

    /// A logger that keeps its messages here.
    var logger: Logger { Logger(label: "test") { _ in self } }
}
