import Core
import Foundation
import Intake
import ServiceLifecycleTestKit
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

@testable import Service

@Suite("The parts of a service")
struct ServicePartsTests {
    private let folder: TemporaryFolder
    private var data: DataFolder { folder.data }
    private var buffer: WriteAheadBuffer { WriteAheadBuffer(folder: data.bufferFolder) }

    init() throws {
        folder = try TemporaryFolder()
    }

    private func scheduler() -> DrainScheduler { DrainScheduler(flusher: SegmentFlusher(buffer: buffer)) }

    @Test("The first event requests a drain, and a drain of all events ends the backlog")
    func backlog() async {
        let scheduler = scheduler()
        var calls = scheduler.calls.makeAsyncIterator()
        scheduler.grow(by: 10)
        await calls.next()
        #expect(!scheduler.isLong)
        scheduler.grow(by: Limits.serviceBacklogEvents)
        #expect(scheduler.isLong)
        scheduler.shrink(by: 20)
        #expect(!scheduler.isLong)
        let changes = scheduler.look.changes
        scheduler.grow(by: 5, areOnDisk: true)
        scheduler.empty(since: changes)
        await calls.next()
        scheduler.empty(since: scheduler.look.changes)
        scheduler.grow(by: 1)
        await calls.next()
        #expect(scheduler.look.changes == changes + 2)
    }

    @Test("A requested drain starts immediately, and a change of the folder requests one")
    func asked() async {
        let scheduler = scheduler()
        var calls = scheduler.calls.makeAsyncIterator()
        scheduler.askForDrain()
        await calls.next()
        #expect(scheduler.look.isAsked)
        let observer = ServiceDrainObserver(scheduler: scheduler, logger: LoggedMessages().logger)
        await observer.waitToDrain()
        #expect(!scheduler.look.isAsked, "it is being done")
        let changes = await observer.appendCount()
        scheduler.noticeChange()
        await calls.next()
        #expect(await observer.appendCount() == changes + 1)
        await observer.waitToDrain()
        await observer.released()
    }

    @Test("A drain begins after a pause in recording")
    func pause() async {
        let scheduler = scheduler()
        scheduler.grow(by: 1)
        let start = ContinuousClock.now
        await ServiceDrainObserver(scheduler: scheduler, logger: LoggedMessages().logger).waitToDrain()
        #expect(ContinuousClock.now - start >= .milliseconds(20))
    }

    @Test("One service holds the folder, and its files exist while it runs")
    func home() throws {
        let runtime = RuntimeFolder(for: data) { _ in nil }
        let none = PassedDescriptors { _ in nil }
        guard let home = try ServiceHome(for: data, in: runtime, none) else {
            Issue.record("the folder is free")
            return
        }
        if try ServiceHome(for: data, in: runtime, none) != nil { Issue.record("two services have the folder") }
        // What a killed service left.
        try File(opening: runtime.folder.path(of: RuntimeFolder.hooksName), [.write, .create]).write("x")
        let pipe = try NamedPipe.create(runtime.pipePath, capacity: 4096)
        try home.announce()
        try home.admitHooks()
        try home.admitHooks()
        var bytes: [UInt8] = []
        _ = try File(opening: runtime.processPath, .read).read(appendingTo: &bytes, limit: 64)
        #expect(bytes.text == "\(getpid()) \(ProcessIdentity.current().startTime)\n")
        #expect(try Set(runtime.hooksFolder.names()) == ["pid", "pipe"])
        try home.removeNames()
        #expect(try runtime.folder.names() == [RuntimeFolder.lockName])
        _ = consume pipe
        // A service whose lock was replaced leaves the names of the other one alone.
        try runtime.folder.remove(RuntimeFolder.lockName)
        try File(opening: runtime.processPath, [.write, .create]).write("other")
        try home.removeNames()
        #expect(runtime.folder.has(RuntimeFolder.processName))
    }

    @Test("A plain file in place of the pipe is imported, and nothing else is")
    func pipeFile() throws {
        try data.folder.prepare()
        let path = data.folder.path(of: "pipe")
        if try PipeFileImport(at: path) != nil { Issue.record("there is nothing") }
        try File(opening: path, [.write, .create]).write("{\"command\":\"make\"}\nno json\n{\"command\":\"git\"}\nx")
        guard let lines = try PipeFileImport(at: path) else {
            Issue.record("the file was not found")
            return
        }
        #expect(try lines.take(through: EventIntake(data: data, session: "s"), into: buffer) == 2)
        #expect(try buffer.segments().count == 1)
        try data.folder.remove("pipe")
        let pipe = try NamedPipe.create(path, capacity: 4096)
        if try PipeFileImport(at: path) != nil { Issue.record("a pipe is no file") }
        _ = consume pipe
    }

    @Test("The lines of a plain file are not kept while recording is off")
    func pipeFileOff() throws {
        try data.folder.prepare()
        let intake = try EventIntake(data: data, session: "s")
        try SettingsFile(data).update { $0.set(recording: false) }
        let path = data.folder.path(of: "pipe")
        try File(opening: path, [.write, .create]).write("{\"command\":\"make\"}\n")
        guard let lines = try PipeFileImport(at: path) else {
            Issue.record("the file was not found")
            return
        }
        #expect(try lines.take(through: intake, into: buffer) == 0)
        #expect(try buffer.segments().isEmpty)
    }

    @Test("Connections beyond the limit are refused with a reason, and served ones continue")
    func connectionLimit() async throws {
        try buffer.folder.prepare()
        let path = folder.path + "/socket"
        var server = SocketServer(
            path: path, passed: nil, intake: try EventIntake(data: data, session: "s"), buffer: buffer, durable: nil,
            scheduler: scheduler(), logger: LoggedMessages().logger)
        server.limit = 1
        let limited = server
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await limited.run() }
                let answers = await withCheckedContinuation { continuation in
                    Thread { continuation.resume(returning: Result { try Self.twoClients(path) }) }.start()
                }
                trigger.triggerGracefulShutdown()
                try await group.waitForAll()
                #expect(
                    try answers.get()
                        == [#"{"error":"too many connections; try again"}"#, nil, #"{"accepted":1,"rejected":0}"#])
            }
        }
    }

    /// The answers to a second client, and then to the first.
    private static func twoClients(_ path: String) throws -> [String?] {
        let deadline = ContinuousClock.now + .seconds(60)
        var client = Result { try UnixClient(path) }
        while (try? client.get()) == nil, ContinuousClock.now < deadline {
            usleep(1000)
            client = Result { try UnixClient(path) }
        }
        let first = try client.get()
        try first.send("\n{")
        let second = try UnixClient(path)
        let refusal = [try second.receiveLine(), try second.receiveLine()]
        try first.send("\"command\":\"make\"}\n")
        return refusal + [try first.receiveLine()]
    }
}
