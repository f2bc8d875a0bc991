import Core
import DatabaseTesting
import Foundation
import Intake
import Recording
import Synchronization
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

@testable import Application
@testable import Database

@Suite("Recording a stream of NDJSON")
struct StreamRecorderTests {
    private let folder: TemporaryFolder
    private var data: DataFolder { folder.data }

    init() throws {
        folder = try TemporaryFolder()
    }

    private func record(
        _ text: String, _ options: StreamRecorder.Options = .init(),
        report: @escaping @Sendable (StreamRecorder.Progress) -> Void = { _ in }
    ) async throws -> StreamRecorder.Summary {
        let path = folder.path + "/input-\(UUID().uuidString)"
        try File(opening: path, [.write, .create, .exclusive]).write(text)
        return try await StreamRecorder(data: data, options: options)
            .record(File(opening: path, .read), signals: nil, report: report)
    }

    @Test("Every line is accepted or rejected with its number, and what was accepted is stored at the end")
    func records() async throws {
        let rejected = Mutex<[Int]>([])
        let accepted = Mutex(0)
        let lines = [#"{"command":"make"}"#, "no json", "", #"{"command":"git"}"#, #"{"duration_ms":"x"}"#]
        let summary = try await record(lines.joined(separator: "\n")) { progress in
            switch progress {
            case .rejected(let line, _): rejected.withLock { $0.append(line) }
            case .accepted(let events, _, _): accepted.withLock { $0 = events }
            case .notOnDisk(let error): Issue.record("\(error)")
            }
        }
        #expect(summary.accepted == 2 && summary.rejected == 2 && summary.received == 4 && summary.refused == 2)
        #expect(summary.stored == 2 && summary.discarded == 0 && summary.signal == nil && summary.storeFailure == nil)
        #expect(rejected.withLock { $0 } == [2, 5] && accepted.withLock { $0 } == 2)
        #expect(try Tables(data).number("SELECT count(*) FROM events") == 2)
    }

    @Test("Unknown keys are rejected in strict mode; durable events are stored as well")
    func options() async throws {
        var options = StreamRecorder.Options()
        options.strict = true
        options.durable = true
        let summary = try await record("{\"command\":\"make\",\"unknown\":1}\n{\"command\":\"make\"}\n", options)
        #expect(summary.accepted == 1 && summary.rejected == 1 && summary.stored == 1)
    }

    @Test("Commands that the settings ignore are counted and not reported")
    func ignored() async throws {
        try SettingsControl(data: data).add(["ls"], to: .ignore)
        let summary = try await record("{\"command\":\"ls\"}\n{\"command\":\"make\"}\n") { progress in
            if case .rejected = progress { Issue.record("an ignored line was reported") }
        }
        #expect(summary.accepted == 1 && summary.rejected == 1 && summary.refused == 0)
    }

    @Test("Events of a stream that another process stores wait in the buffer")
    func anotherWriter() async throws {
        let lock = try AnotherWriter.waitedFor(in: data)
        let summary = try await record(#"{"command":"make"}"#)
        #expect(summary.accepted == 1 && summary.stored == 0 && summary.storeFailure == nil)
        #expect(try Drainer(data: data).pendingEvents() == 1)
        _ = consume lock
    }

    @Test("A database that cannot be used does not stop the recording")
    func noDatabase() async throws {
        try data.folder.prepare()
        try File(opening: data.databasePath, [.write, .create]).write(String(repeating: "no database ", count: 1000))
        let summary = try await record(#"{"command":"make"}"#)
        #expect(summary.accepted == 1 && summary.storeFailure == .notADatabase(path: data.databasePath))
        #expect(try data.bufferFolder.names().count >= 1)
    }

    @Test("A reader of a pipe is notified when the buffer changes, and when its folder is removed")
    func watch() async throws {
        let buffer = WriteAheadBuffer(folder: data.bufferFolder)
        try buffer.folder.prepare()
        let path = folder.path + "/pipe"
        let pipe = try NamedPipe.create(path, capacity: Limits.pipeBytes)
        let reader = InputReader(
            input: pipe, watch: try FolderWatch(buffer.folder), intake: try EventIntake(data: data, session: "s"))
        #expect(NamedPipe.offer("{\"command\":\"make\"}\n", to: path))
        let step = try #require(try await reader.nextOrChange())
        #expect(step.kind == .input(bytes: 19) && step.chunk.batch.eventCount == 1 && !step.isLast)
        var filler = BufferFiller(data)
        try filler.append([#"{"command":"git"}"#])
        #expect(try await reader.nextOrChange() == nil)
    }

    /// Counts what a drain loop reports, and ends its wake-ups at the second time that nothing is left: by then the loop has ended
    /// its drain.
    private actor Observer: DrainObserver {
        private let continuation: AsyncStream<Void>.Continuation
        private(set) var stored = 0
        private(set) var failures = 0
        private var empties = 0
        private(set) var releases = 0

        init(_ continuation: AsyncStream<Void>.Continuation) { self.continuation = continuation }

        func waitToDrain() async {}
        func appendCount() async -> Int { 0 }
        func stored(_ events: Int) async { stored += events }
        func foundNothing(since count: Int, isBlocked: Bool) async {
            empties += 1
            if empties == 2 { continuation.finish() }
        }
        func released() async {
            releases += 1
            continuation.finish()
        }
        func failed(_ error: any Error) async throws {
            failures += 1
            continuation.finish()
        }
    }

    private func loop() async throws -> (isStored: Bool?, observer: Observer) {
        let (wakeUps, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let observer = Observer(continuation)
        let loop = DrainLoop(data: data, quietTime: .zero, closesWhenQuiet: true, observer: observer)
        continuation.yield()
        return (try? await loop.run(wakeUps) { continuation.yield() }, observer)
    }

    @Test("A drain loop stores what waits, closes the database when it is quiet, and ends with its wake-ups")
    func drainLoop() async throws {
        var filler = BufferFiller(data)
        try filler.append(Array(repeating: #"{"command":"make"}"#, count: 10))
        let (isStored, observer) = try await loop()
        #expect(isStored == true)
        #expect(await observer.stored == 10)
        #expect(await observer.failures == 0)
        #expect(try WriterLock.acquire(in: data) != nil, "the loop has released the lock")
    }

    @Test("A drain loop without the writer lock stores nothing, and reports so")
    func drainLoopReleased() async throws {
        var filler = BufferFiller(data)
        try filler.append([#"{"command":"make"}"#])
        let lock = try AnotherWriter.waitedFor(in: data)
        let (isStored, observer) = try await loop()
        #expect(isStored == false)
        #expect(await observer.releases == 1)
        _ = consume lock
    }

    @Test("A drain loop reports a database that fails")
    func drainLoopFails() async throws {
        try data.folder.prepare()
        try File(opening: data.databasePath, [.write, .create]).write(String(repeating: "no database ", count: 1000))
        let (isStored, observer) = try await loop()
        #expect(isStored == nil)
        #expect(await observer.failures == 1)
    }
}
