private import CPlatform
private import Glibc

/// A program in its own session, on its own pseudo-terminal. `read` reads the output of the program. `end` ends all
/// processes of the session.
package final class TerminalProcess {
    /// The id of the process, which is also the id of its session.
    package let processID: Int32
    /// The last bytes that the program has printed, at most `outputBytes`.
    package private(set) var output: [UInt8] = []
    /// Whether all processes have closed the terminal.
    package private(set) var isOver = false

    private let terminal: CInt
    private var isReaped = false

    /// The maximum number of output bytes that are kept: enough for the last screens.
    private static let outputBytes = 64 * 1024
    /// Space for the path of a terminal, `/dev/pts/` and a number.
    private static let nameBytes = 128

    /// Starts `arguments[0]` with an environment of `NAME=value` texts. A name without a slash is looked up on the
    /// `PATH`. In the program, every signal has its default action.
    package init(_ arguments: [RawArgument], environment: [String]) throws(SystemError) {
        var name = [CChar](repeating: 0, count: Self.nameBytes)
        // The call writes the path and a zero byte into `name`.
        let terminal = unsafe nexus_open_terminal(&name, name.count)
        guard terminal >= 0 else { throw SystemError("open", "/dev/ptmx") }
        var size = winsize(ws_row: 50, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0)
        // The call only reads `size`.
        unsafe _ = ioctl(terminal, UInt(TIOCSWINSZ), &size)
        do throws(SystemError) {
            processID = try Self.start(arguments, environment, on: name)
            self.terminal = terminal
        } catch {
            close(terminal)
            throw error
        }
    }

    deinit { end() }

    private static func start(
        _ arguments: [RawArgument], _ environment: [String], on name: [CChar]
    ) throws(SystemError) -> pid_t {
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | CInt(NEXUS_SPAWN_SETSID.rawValue)
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        // A new session has no terminal. The first terminal that it opens becomes its controlling terminal.
        unsafe posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, 0, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, 0, 2)
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var processID = pid_t()
        let code = unsafe RawArgument.withList(of: arguments) { list in
            unsafe RawArgument.withList(of: environment.map { RawArgument($0) }) { variables in
                // The list is never empty, and its first element is the program's name. The new program gets its own
                // copies of the strings.
                unsafe posix_spawnp(&processID, list[0]!, &actions, &attributes, &list, &variables)
            }
        }
        guard code == 0 else { throw SystemError("run", arguments[0].text, code: code) }
        return processID
    }

    /// Types a text on the terminal.
    package func type(_ text: String) {
        var bytes = Array(text.utf8)
        // If the terminal has no space, the text is dropped, because a program that reads nothing must not block this
        // process.
        var entry = pollfd(fd: terminal, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&entry, 1, 0) > 0 else { return }
        // The call only reads `bytes`.
        _ = retryingInterrupts { unsafe write(terminal, &bytes, bytes.count) }
    }

    /// Waits at most `duration` until the program prints something, and reads that output.
    ///
    /// - Returns: true if output was read; false if the program printed nothing in that time or the terminal is closed.
    @discardableResult
    package func read(atMost duration: Duration) -> Bool {
        guard !isOver else { return false }
        var entry = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
        let milliseconds = CInt(min(max(duration / .milliseconds(1), 0), Double(CInt.max)).rounded(.up))
        guard unsafe poll(&entry, 1, milliseconds) > 0 else { return false }
        var bytes = [UInt8](repeating: 0, count: 4096)
        // The call writes only into `bytes`. It fails with EIO when no process has the terminal open any more.
        let count = retryingInterrupts { unsafe Glibc.read(terminal, &bytes, bytes.count) }
        guard count > 0 else {
            isOver = true
            return false
        }
        output.append(contentsOf: bytes.prefix(count))
        if output.count > Self.outputBytes { output.removeFirst(output.count - Self.outputBytes) }
        return true
    }

    /// The name of the program that the process runs now. A process that has ended keeps the name until it is reaped.
    /// Nil if the name cannot be read.
    package var programName: String? {
        guard let file = try? File(opening: "/proc/\(processID)/comm", .read) else { return nil }
        var bytes: [UInt8] = []
        _ = try? file.read(appendingTo: &bytes, limit: 64)
        let name = bytes.text.split(separator: "\n").first.map(String.init)
        return name?.isEmpty == false ? name : nil
    }

    /// Waits at most `duration` until all other processes of the session have ended, for example recorders that a hook
    /// has started.
    package func waitForOthers(atMost duration: Duration) {
        let deadline = ContinuousClock.now + duration
        while processes().contains(where: { $0 != processID }), ContinuousClock.now < deadline {
            if !read(atMost: .milliseconds(5)), isOver { usleep(5000) }
        }
    }

    /// Ends all processes of the session, and closes the terminal.
    package func end() {
        guard !isReaped else { return }
        isReaped = true
        // A process may start another process just before it is killed, so several rounds may be needed.
        for _ in 0..<10 {
            let processes = processes()
            if processes.isEmpty { break }
            for process in processes { kill(process, SIGKILL) }
            let processID = processID
            _ = retryingInterrupts { Int(waitpid(processID, nil, 0)) }
        }
        close(terminal)
    }

    /// Returns the ids of the session's processes that have not ended. The id of a process's session is field 6 of
    /// `/proc/PID/stat` (proc(5)). The fields are counted from the last bracket, because the name in field 2 may
    /// contain brackets and spaces.
    private func processes() -> [Int32] {
        let names = (try? Folder("/proc").names()) ?? []
        return names.compactMap { Int32($0) }.filter { process in
            guard let file = try? File(opening: "/proc/\(process)/stat", .read) else { return false }
            var bytes: [UInt8] = []
            _ = try? file.read(appendingTo: &bytes, limit: 1024)
            guard let bracket = bytes.lastIndex(of: UInt8(ascii: ")")) else { return false }
            let fields = bytes[(bracket + 1)...].split(separator: UInt8(ascii: " "))
            guard fields.count > 3, fields[0] != [UInt8(ascii: "Z")] else { return false }
            return Int32(String(decoding: fields[3], as: UTF8.self)) == processID
        }
    }
}
