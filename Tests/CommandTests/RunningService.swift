import Core
import Foundation
import SystemSupport
import TestSupport

/// The real `nexus serve` in a process of its own, from when its socket can be connected to until it is stopped; one
/// that a test leaves running is killed when the value goes.
final class RunningService {
    /// Why a service is not as a test needs it.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let program: Program
    let process: Process
    private let errorsPath: String

    /// Starts the service and returns once it accepts connections. `limits` are commands of a shell that run before.
    init(_ program: Program, _ arguments: String..., limits: String? = nil) throws {
        self.program = program
        errorsPath = program.folder.path + "/serve-errors-" + UUID().uuidString
        _ = FileManager.default.createFile(atPath: errorsPath, contents: nil)
        process = program.process(["serve"] + arguments)
        if let limits {
            process.executableURL = URL(filePath: "/bin/bash")
            process.arguments = ["-c", "\(limits); exec \"$0\" \"$@\"", Program.url.path, "serve"] + arguments
        }
        process.standardError = FileHandle(forWritingAtPath: errorsPath)
        try process.run()
        let isUp = Self.poll { !process.isRunning || (try? client()) != nil }
        guard isUp, process.isRunning else { throw Failure(description: "no service came up: \(errors)") }
    }

    deinit {
        if process.isRunning { kill() }
    }

    var runtime: RuntimeFolder { RuntimeFolder(for: program.folder.data, environment: { program.environment[$0] }) }
    var id: Int32 { process.processIdentifier }
    /// What the service wrote to standard error.
    var errors: String { (try? String(contentsOfFile: errorsPath, encoding: .utf8)) ?? "" }

    func client(timeout seconds: Int = 20) throws -> UnixClient {
        try UnixClient(runtime.socketPath, timeout: seconds)
    }

    func signal(_ number: Int32) {
        Glibc.kill(id, number)
    }

    /// Asks the service to stop and returns its exit code; throws when it takes longer than it may.
    @discardableResult
    func stop(with number: Int32 = SIGTERM) throws -> Int32 {
        signal(number)
        guard Self.poll(until: { !process.isRunning }) else {
            throw Failure(description: "the service does not end: \(errors)")
        }
        return process.terminationStatus
    }

    /// `kill -9`, and waits until the process is gone.
    func kill() {
        signal(SIGKILL)
        process.waitUntilExit()
    }

    /// A figure of `/proc/PID/status` in KiB or as a plain number.
    func status(_ name: String) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)
        return try Self.figure(name, in: text)
    }

    /// How often each of its threads has gone to sleep so far, which is how often it was woken.
    func sleeps() throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for thread in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/task") {
            let path = "/proc/\(id)/task/\(thread)/status"
            // A thread may end while the folder is walked over.
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { continue }
            counts[thread] = try Self.figure("voluntary_ctxt_switches", in: text)
        }
        return counts
    }

    private static func figure(_ name: String, in text: String) throws -> Int {
        for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
            if let number = line.split(whereSeparator: { $0 == "\t" || $0 == " " }).dropFirst().first.flatMap({
                Int($0)
            }) {
                return number
            }
        }
        throw Failure(description: "no \(name)")
    }

    /// Looks every few milliseconds, for a minute at most, whether something is so: only who fails waits that long.
    static func poll(until condition: () throws -> Bool) rethrows -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if try condition() { return true }
            usleep(5000)
        }
        return try condition()
    }
}
