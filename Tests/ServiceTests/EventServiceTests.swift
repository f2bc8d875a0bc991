import Application
import Core
import Database
import DatabaseTesting
import Foundation
import GRDB
import Intake
import ServiceLifecycleTestKit
import SystemSupport
import TestSupport
import Testing
import WriteAheadBuffer

@testable import Service

/// A whole service in the process of the tests, over a temporary folder.
struct EventServiceTests {
    private let folder: TemporaryFolder
    private let messages = LoggedMessages()
    private var data: DataFolder { folder.data }
    private var runtime: RuntimeFolder { RuntimeFolder(for: data) { _ in nil } }

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Runs the service while `work` runs, and then stops it in good order.
    private func serve(
        durable: Bool = false, passed: PassedDescriptors = PassedDescriptors { _ in nil },
        _ work: @escaping @Sendable () async throws -> Void
    ) async throws {
        let service = EventService(data: data, durable: durable, logger: messages.logger)
        let runtime = runtime
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await service.run(in: runtime, passed, stopSignals: []) }
                do { try await work() } catch {
                    trigger.triggerGracefulShutdown()
                    throw error
                }
                trigger.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
    }

    /// Runs work that blocks on a thread of its own.
    private func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try work() }) }.start()
        }
    }

    /// Connects, and sends lines until all were answered for; the service may just be starting.
    private func exchange(_ lines: [String]) async throws -> (counts: Acknowledgement, errors: [String]) {
        let path = runtime.socketPath
        return try await blocking {
            let deadline = ContinuousClock.now + .seconds(60)
            var client: UnixClient?
            while client == nil {
                do { client = try UnixClient(path) } catch {
                    guard ContinuousClock.now < deadline else { throw error }
                    usleep(1000)
                }
            }
            guard let client else { return (Acknowledgement(), []) }
            try client.send(lines.map { $0 + "\n" }.joined())
            return try client.acknowledgement(of: lines.count)
        }
    }

    private func commands() throws -> [String] {
        try Tables(data).rows("SELECT command FROM events ORDER BY command").map { $0[0] }
    }

    @Test(
        "Lines of the socket are acknowledged, the others reported with their numbers, and all are stored at the stop")
    func socket() async throws {
        try await serve {
            let answer = try await exchange([#"{"command":"make"}"#, "no json", #"{"command":"git"}"#])
            #expect(answer.counts == Acknowledgement(accepted: 2, rejected: 1))
            #expect(
                answer.errors.count == 1 && answer.errors.first?.contains(#""line":2,"error":""#) == true, "\(answer)")
        }
        #expect(try commands() == ["git", "make"])
        #expect(try data.bufferFolder.names().isEmpty)
        let names = try data.folder.names()
        for name in [
            RuntimeFolder.socketName, RuntimeFolder.pipeName, RuntimeFolder.processName, RuntimeFolder.hooksName,
        ] {
            #expect(!names.contains(name), "\(name) was left")
        }
    }

    @Test("Durable events are acknowledged as well, on several connections")
    func durable() async throws {
        try await serve(durable: true) {
            for _ in 0..<3 {
                let answer = try await exchange([#"{"command":"make"}"#, "{}"])
                #expect(answer.counts == Acknowledgement(accepted: 1, rejected: 1))
            }
        }
        #expect(try commands() == ["make", "make", "make"])
    }

    @Test("Lines of the pipe are stored, also those of a plain file that was there before")
    func pipe() async throws {
        try data.folder.prepare()
        try File(opening: runtime.pipePath, [.write, .create]).write(
            "{\"command\":\"early\"}\nno json\n{\"command\":\"last\"}")
        let path = runtime.pipePath
        try await serve {
            let accepted = try await exchange([#"{"command":"make"}"#]).counts.accepted
            #expect(accepted == 1)
            #expect(NamedPipe.offer("{\"command\":\"piped\"}\n\n", to: path))
        }
        #expect(try commands() == ["early", "last", "make", "piped"])
        #expect(messages.lines.contains("rejected 1 line written while no service ran"))
    }

    @Test("A second service is refused, and the hooks find the process of the first")
    func second() async throws {
        let (data, runtime, logger) = (data, runtime, messages.logger)
        try await serve {
            _ = try await exchange([])
            let other = EventService(data: data, durable: false, logger: logger)
            await #expect(throws: ServiceError.alreadyRunning(data.folder.path)) {
                try await other.run(in: runtime, PassedDescriptors { _ in nil }, stopSignals: [])
            }
            let process = ProcessIdentity.current()
            let state = ServiceState.of(data) { $0 == "NEXUS_DATA_DIR" ? "x" : nil }
            #expect(state == .running(processID: process.processID))
            var bytes: [UInt8] = []
            let hooks = runtime.hooksFolder
            _ = try File(opening: hooks.path(of: RuntimeFolder.processName), .read).read(appendingTo: &bytes, limit: 64)
            #expect(bytes.text == "\(process.processID) \(process.startTime)\n")
            #expect(FileStatus(of: hooks.path)?.permissions == 0o500)
            #expect(FileIdentity(of: hooks.path(of: RuntimeFolder.pipeName)) == FileIdentity(of: runtime.pipePath))
        }
    }

    @Test("Events that arrive while recording is off are discarded and reported")
    func off() async throws {
        let data = data
        try await serve {
            let accepted = try await exchange([#"{"command":"make"}"#]).counts.accepted
            #expect(accepted == 1)
            try SettingsFile(data).update { $0.set(recording: false) }
            let path = runtime.socketPath
            let answer = try await blocking {
                let client = try UnixClient(path)
                try client.send("{\"command\":\"secret\"}\n")
                return try client.receiveLine()
            }
            #expect(answer == #"{"accepted":0,"rejected":0,"discarded":1}"#)
            try SettingsFile(data).update { $0.set(recording: true) }
        }
        #expect(try commands() == ["make"])
    }

    @Test("A service whose folder was removed ends with an error")
    func folderGone() async throws {
        let data = data
        await #expect(throws: ServiceError.folderGone(data.bufferFolder.path)) {
            try await serve {
                _ = try await exchange([])
                try data.folder.rename("buffer", to: "moved")
                // The service stops by itself: the shutdown that follows finds it ended.
                while messages.lines.isEmpty || FileStatus(of: runtime.socketPath) != nil { await Task.yield() }
            }
        }
    }

    @Test("A path that is too long for a socket is refused with what to do")
    func longPath() async throws {
        let long = DataFolder(folder.path + "/" + String(repeating: "x", count: 120))
        let service = EventService(data: long, durable: false, logger: messages.logger)
        let runtime = RuntimeFolder(for: long) { _ in nil }
        await #expect(throws: ServiceError.pathTooLong(runtime.socketPath)) {
            try await service.run(in: runtime, PassedDescriptors { _ in nil }, stopSignals: [])
        }
        #expect(
            ServiceError.pathTooLong("/a\u{7}").description
                == "/a\\u{7} is too long for a socket; choose a shorter NEXUS_DATA_DIR or set XDG_RUNTIME_DIR")
        #expect(
            ServiceError.alreadyRunning("/a").description
                == "another 'nexus serve' already serves /a; stop it first")
        #expect(ServiceError.folderGone("/a").description.hasSuffix("start the service again"))
        #expect(ServiceError.folderGone("/a").exitCode == .unavailable)
    }

    @Test("Events that another process stores stay in the buffer at the stop")
    func anotherWriter() async throws {
        let lock = try AnotherWriter.waitedFor(in: data)
        try await serve {
            let accepted = try await exchange([#"{"command":"make"}"#]).counts.accepted
            #expect(accepted == 1)
        }
        #expect(try Drainer(data: data).pendingEvents() == 1)
        _ = consume lock
    }

    @Test("A socket and a pipe that a service manager passed are served, and their names stay")
    func passed() async throws {
        try data.folder.prepare()
        let runtime = runtime
        let pipe = try NamedPipe.create(runtime.pipePath, capacity: 4096)
        try pipe.write("{\"command\":\"waiting\"}\n")
        let listener = try ListeningSocket(runtime.socketPath)
        // Numbers next to each other that no other test has opened; the service closes them.
        let base = fcntl(pipe.descriptor, F_DUPFD_CLOEXEC, 800)
        let second = fcntl(listener.descriptor, F_DUPFD_CLOEXEC, base + 1)
        let passed = PassedDescriptors(from: base) {
            ["LISTEN_PID": String(getpid()), "LISTEN_FDS": String(second - base + 1)][$0]
        }
        try await serve(passed: passed) {
            let accepted = try await exchange([#"{"command":"make"}"#]).counts.accepted
            #expect(accepted == 1)
        }
        #expect(try commands() == ["make", "waiting"])
        #expect(FileStatus(of: runtime.socketPath)?.kind == .socket && FileStatus(of: runtime.pipePath)?.kind == .pipe)
    }
}

/// A Unix socket that listens, as a service manager opens it.
private struct ListeningSocket: ~Copyable {
    let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            for (index, byte) in path.utf8.prefix(bytes.count - 1).enumerated() { unsafe bytes[index] = byte }
        }
        let descriptor = descriptor
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0, listen(descriptor, 8) == 0 else { throw UnixClient.Failure(call: "bind", code: errno) }
    }

    deinit { close(descriptor) }
}
