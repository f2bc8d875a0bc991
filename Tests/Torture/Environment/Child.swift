import Foundation
import Glibc
import SystemSupport

/// A real program in a process of its own, which the modes feed and kill.
///
/// This process uses non-blocking pipes for the program's input and output. No call waits longer than `patience`, even
/// if the program hangs.
final class Child {
    /// The file of a program's standard input or output: `/dev/null` or a pipe.
    enum Stream {
        case none, pipe
    }

    /// The maximum duration of any program, in seconds. A program that takes longer is considered to hang. The limit is
    /// high, because a check of millions of rows takes a while.
    static let patience: Double = 180

    let name: String
    let id: pid_t
    private let errorsPath: String
    private var input: CInt = -1
    private var output: CInt = -1
    private var pendingInput: ArraySlice<UInt8> = []
    private(set) var received: [UInt8] = []
    private var end: ChildProcess.Termination?

    /// Starts the program `arguments[0]`. Its standard error goes to a file in `folder`, which `errors` reads.
    init(
        _ arguments: [String], environment: [String: String], errorsIn folder: String, input: Stream = .none,
        output: Stream = .none
    ) throws {
        name = arguments.map { $0.split(separator: "/").last.map(String.init) ?? $0 }.joined(separator: " ")
        errorsPath = folder + "/errors-" + UUID().uuidString
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // The program gets the default signal handling, as from a shell. It does not inherit that this process ignores
        // SIGPIPE.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        let inputPipe = try unsafe Self.connect(input, to: 0, mode: O_RDONLY, &actions)
        let outputPipe = try unsafe Self.connect(output, to: 1, mode: O_WRONLY, &actions)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, errorsPath, O_WRONLY | O_CREAT, 0o600)
        var vector = unsafe arguments.map { unsafe strdup($0) } + [nil]
        var variables = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        defer { unsafe (vector + variables).forEach { unsafe free($0) } }
        var id = pid_t()
        let code = unsafe posix_spawnp(&id, arguments[0], &actions, &attributes, &vector, &variables)
        for end in [inputPipe?.read, outputPipe?.write] { if let end { close(end) } }
        guard code == 0 else { throw SystemError("run", arguments[0], code: code) }
        self.id = id
        if let inputPipe { self.input = Self.neverBlocking(inputPipe.write) }
        if let outputPipe { self.output = Self.neverBlocking(outputPipe.read) }
    }

    deinit {
        kill()
        closeInput()
        if output >= 0 { close(output) }
        unsafe unlink(errorsPath)
    }

    /// The program's standard error.
    var errors: String { (try? String(contentsOfFile: errorsPath, encoding: .utf8)) ?? "" }

    /// The complete lines that this process has received from the program's standard output so far.
    var lines: [Substring] {
        // The text after the last line break is empty or an incomplete line.
        String(decoding: received, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    }

    // MARK: Input and output

    /// Adds input for the program. `exchange` writes it.
    func send(_ bytes: [UInt8]) {
        pendingInput += bytes
    }

    /// Writes the pending input and reads the program's output, until `isEnough` returns true or the output ends. If
    /// `thenCloses` is true, it closes the input after the last byte is written.
    /// - Returns: false if the program has closed its output.
    @discardableResult
    func exchange(thenCloses: Bool = true, until isEnough: () -> Bool) throws -> Bool {
        let deadline = Date().addingTimeInterval(Self.patience)
        while !isEnough() {
            guard Date() < deadline else { throw InvariantViolation("'\(name)' sent no answer for \(Self.patience) s") }
            if pendingInput.isEmpty, thenCloses { closeInput() }
            let isReading = try step()
            if !isReading { return false }
        }
        return true
    }

    /// Polls both pipes once, and writes and reads what is possible. Returns false if the output is at its end.
    private func step() throws -> Bool {
        var entries = [
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: pendingInput.isEmpty ? -1 : input, events: Int16(POLLOUT), revents: 0),
        ]
        _ = unsafe Glibc.poll(&entries, 2, 20)
        if entries[1].revents != 0 { writeSome() }
        guard entries[0].revents != 0 else { return true }
        var testEnvironment = [UInt8](repeating: 0, count: 64 * 1024)
        let count = unsafe read(output, &testEnvironment, testEnvironment.count)
        guard count > 0 else { return count < 0 && (errno == EAGAIN || errno == EINTR) }
        received += testEnvironment[..<count]
        return true
    }

    private func writeSome() {
        let count = unsafe pendingInput.withUnsafeBytes { unsafe write(input, $0.baseAddress, $0.count) }
        if count > 0 { pendingInput = pendingInput.dropFirst(count) }
        // The program has ended, as many modes intend. The rest of the input has no reader.
        if count < 0 && errno == EPIPE { pendingInput = [] }
    }

    func closeInput() {
        if input >= 0 { close(input) }
        input = -1
    }

    // MARK: Ending

    /// Kills the program with SIGKILL and waits for its end.
    func kill() {
        guard end == nil else { return }
        Glibc.kill(id, SIGKILL)
        var status: CInt = 0
        unsafe waitpid(id, &status, 0)
        end = Self.termination(status)
    }

    func signal(_ number: CInt) {
        if end == nil { Glibc.kill(id, number) }
    }

    /// Waits for the end of the program.
    @discardableResult
    func wait() throws -> ChildProcess.Termination {
        let deadline = Date().addingTimeInterval(Self.patience)
        while true {
            if let end = poll() { return end }
            guard Date() < deadline else { throw InvariantViolation("'\(name)' does not end") }
            usleep(300)
        }
    }

    /// Returns how the program ended; nil while it runs.
    func poll() -> ChildProcess.Termination? {
        if end == nil {
            var status: CInt = 0
            if unsafe waitpid(id, &status, WNOHANG) == id { end = Self.termination(status) }
        }
        return end
    }

    private static func termination(_ status: CInt) -> ChildProcess.Termination {
        status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signaled(status & 0x7F)
    }

    // MARK: Pipes

    private static func connect(
        _ stream: Stream, to descriptor: CInt, mode: CInt, _ actions: inout posix_spawn_file_actions_t
    ) throws -> (read: CInt, write: CInt)? {
        guard stream == .pipe else {
            unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", mode, 0)
            return nil
        }
        var ends: [CInt] = [0, 0]
        guard unsafe Glibc.pipe(&ends) == 0 else { throw SystemError("create", "a pipe", code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        unsafe posix_spawn_file_actions_adddup2(&actions, mode == O_RDONLY ? ends[0] : ends[1], descriptor)
        return (ends[0], ends[1])
    }

    private static func neverBlocking(_ descriptor: CInt) -> CInt {
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        return descriptor
    }
}
