private import CPlatform
private import Glibc

/// A program that this one started.
package struct ChildProcess: Sendable {
    /// Its number.
    package let processID: Int32

    /// How a program ended.
    package enum Termination: Equatable, Sendable {
        case exited(Int32)
        case signaled(Int32)
    }

    /// Starts `arguments[0]`, looked for on the `PATH` unless it has a slash, on its own feet: in a session of its own,
    /// with nothing to read or write.
    package init(detached arguments: [RawArgument]) throws(SystemError) {
        var none = sigset_t()
        unsafe sigemptyset(&none)
        try self.init(arguments, blocking: none, detached: true)
    }

    /// Starts a program with this process's input, output, environment and terminal; `mask` holds the signals that are
    /// blocked in it. A file that the system cannot run though it may is a script for the shell, as it is for every shell and
    /// `execvp`.
    private init(_ arguments: [RawArgument], blocking mask: sigset_t, detached: Bool) throws(SystemError) {
        do throws(SystemError) {
            processID = try Self.start(arguments, blocking: mask, detached: detached)
        } catch  where error.code == ENOEXEC {
            guard let script = Self.file(of: arguments[0]) else { throw error }
            let shell = [RawArgument("/bin/sh"), script] + arguments.dropFirst()
            processID = try Self.start(shell, blocking: mask, detached: detached)
        }
    }

    /// The file that is run by this name: the first on the `PATH` that may be, unless the name has a slash.
    private static func file(of program: RawArgument) -> RawArgument? {
        guard !program.bytes.contains(UInt8(ascii: "/")) else { return program }
        let folders = (Environment.value("PATH") ?? "").split(separator: ":", omittingEmptySubsequences: false)
        return folders.lazy.map { RawArgument(($0.isEmpty ? "." : $0) + "/" + program.text) }.first { file in
            unsafe access(file.text, X_OK) == 0
        }
    }

    private static func start(
        _ arguments: [RawArgument], blocking mask: sigset_t, detached: Bool
    ) throws(SystemError) -> pid_t {
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var mask = mask
        unsafe posix_spawnattr_setsigmask(&attributes, &mask)
        let flags = POSIX_SPAWN_SETSIGMASK | (detached ? CInt(NEXUS_SPAWN_SETSID.rawValue) : 0)
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        if detached {
            // Whoever waits for the end of what this process was handed does not wait for the other one.
            unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)
            for descriptor: CInt in 0...2 {
                unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
            }
        }
        var processID = pid_t()
        let code = unsafe RawArgument.withList(of: arguments) { list in
            // The program's name is the first of the list, which is never empty; the new program has copies of its own.
            unsafe posix_spawnp(&processID, list[0]!, &actions, &attributes, &list, nexus_environment())
        }
        guard code == 0 else { throw SystemError("run", arguments[0].text, code: code) }
        return processID
    }

    /// Runs a program to its end as a shell would in the foreground: it has the terminal, and signals that are sent to
    /// this process reach it. What the terminal sends it has by itself. A program that stops stops this one too, where a
    /// terminal's user can let both go on.
    ///
    /// `finish` is handed how it ended, and its result returned. Until then only the user's keys end this process: who ends a
    /// program by a signal to all of its group does not end this one before it is known what became of it.
    package static func runInForeground<Value>(
        _ arguments: [RawArgument], _ finish: (Result<Termination, SystemError>) -> Value
    ) -> Value {
        // Who ignores it, as this process may from its start, is never told that a child has ended.
        signal(SIGCHLD, SIG_DFL)
        var relayed = sigset_t()
        unsafe sigemptyset(&relayed)
        for number in [
            SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGPIPE,
            SIGWINCH, SIGTSTP, SIGCHLD,
        ] {
            unsafe sigaddset(&relayed, number)
        }
        var before = sigset_t()
        unsafe pthread_sigmask(SIG_BLOCK, &relayed, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        let result = Result { () throws(SystemError) in
            let child = try ChildProcess(arguments, blocking: before, detached: false)
            return try child.waitForEnd(relaying: &relayed)
        }
        letKeysThrough()
        return finish(result)
    }

    /// The user may give up on what still has to be done; what was typed so far was meant for the program.
    private static func letKeysThrough() {
        var keys = sigset_t()
        unsafe sigemptyset(&keys)
        unsafe sigaddset(&keys, SIGINT)
        unsafe sigaddset(&keys, SIGQUIT)
        var none = timespec()
        while unsafe sigtimedwait(&keys, nil, &none) > 0 {}
        unsafe pthread_sigmask(SIG_UNBLOCK, &keys, nil)
    }

    private func waitForEnd(relaying signals: inout sigset_t) throws(SystemError) -> Termination {
        while true {
            switch try look() {
            case .ended(let termination): return termination
            case .stopped: stopAlong()
            case nil: break
            }
            if getpid() == 1 { reapOthers() }
            var information = unsafe siginfo_t()
            let number = unsafe sigwaitinfo(&signals, &information)
            // A code above zero says that the kernel sent it, the terminal's way, to every process of the group.
            if number > 0, number != SIGCHLD, unsafe information.si_code <= 0 { kill(processID, number) }
        }
    }

    /// Takes the ends of processes that have lost their parents: as process 1, of a container for one, this process is theirs,
    /// and nothing else would remove them.
    private func reapOthers() {
        var information = unsafe siginfo_t()
        // TerminalStyle first, so that the end of the command itself is left for `look`.
        while unsafe waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT) == 0 {
            let ended = unsafe information._sifields._sigchld.si_pid
            guard ended > 0, ended != processID else { return }
            waitpid(ended, nil, WNOHANG)
            unsafe information = unsafe siginfo_t()
        }
    }

    private enum Change {
        case stopped
        case ended(Termination)
    }

    /// What has become of it since the last look.
    private func look() throws(SystemError) -> Change? {
        var status: CInt = 0
        let processID = self.processID
        let changed = retryingInterrupts { Int(unsafe waitpid(processID, &status, WNOHANG | WUNTRACED)) }
        guard changed >= 0 else { throw SystemError("wait for", "process \(processID)") }
        guard changed == Int(processID) else { return nil }
        // The macros of wait(2), which Swift does not see.
        switch status & 0x7F {
        case 0: return .ended(.exited(status >> 8 & 0xFF))
        case 0x7F: return .stopped
        case let signal: return .ended(.signaled(signal))
        }
    }

    /// Stops this process as its program has stopped, so that a shell sees it and gives its user the terminal back; when it is
    /// let go on, so is the program. Without a terminal nobody looks: whoever stopped the program lets it go on alone.
    private func stopAlong() {
        let terminal = unsafe open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard terminal >= 0 else { return }
        close(terminal)
        kill(getpid(), SIGSTOP)
        kill(processID, SIGCONT)
    }
}

/// This process itself.
package enum ThisProcess {
    /// The number of the user that it runs as.
    package static var userID: UInt32 { geteuid() }

    /// Whether it runs as root.
    package static var isRoot: Bool { userID == 0 }

    /// Ends it at once with a code.
    package static func end(_ code: Int32) -> Never { exit(code) }

    /// Sees to it that no core file is made of it however it ends: names and the key are in its memory. Programs that it
    /// starts are not concerned.
    package static func forbidCoreFile() { nexus_forbid_core_file() }

    /// Lets others go first from now on that want a processor: for work of seconds that nobody records or reads by. It takes
    /// the priority that `nice` gives. Linux counts it for each thread, and new ones take it over; where it cannot be set all
    /// goes on as it was.
    package static func makeWay() {
        let niceness: CInt = 10
        for thread in (try? Folder("/proc/self/task").names()) ?? [] {
            guard let thread = CInt(thread) else { continue }
            setpriority(CInt(PRIO_PROCESS.rawValue), id_t(thread), niceness)
        }
    }

    /// Becomes another program, with the same number, input, output and environment; the first argument is the name it
    /// is called by. Returns only when that cannot be.
    package static func become(_ program: String, _ arguments: [RawArgument]) -> SystemError {
        unsafe RawArgument.withList(of: arguments) { list in _ = unsafe execv(program, list) }
        return SystemError("run", program)
    }

    /// Prepares a process whose own files are all it opens. They are the owner's alone; a write that fails is an error and no
    /// signal; and a stream that it was started without is empty, as the next file would get its number.
    package static func prepareForOwnFiles() {
        Environment.restrictNewFiles()
        surviveFailedWrites()
        while true {
            let descriptor = unsafe open("/dev/null", O_RDWR)
            guard (0...2).contains(descriptor) else {
                close(descriptor)
                return
            }
        }
    }

    /// Makes a write to a pipe that nothing reads, or to a file at its size limit, an error in place of a signal. Programs that
    /// are started later inherit this.
    package static func surviveFailedWrites() { ignore([SIGXFSZ, SIGPIPE]) }

    /// Whether it was started with SIGHUP ignored, as `nohup` does.
    package static var ignoresHangup: Bool {
        var action = sigaction()
        guard unsafe sigaction(SIGHUP, nil, &action) == 0 else { return false }
        return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Lets signals pass it by.
    package static func ignore(_ signals: [Int32]) {
        for number in signals { signal(number, SIG_IGN) }
    }
}
