private import CPlatform
private import Glibc

/// A program that this process started.
package struct ChildProcess: Sendable {
    /// Its process id.
    package let processID: Int32

    /// The way in which a program ended.
    package enum Termination: Equatable, Sendable {
        case exited(Int32)
        case signaled(Int32)
    }

    /// Starts `arguments[0]` detached: in its own session, with `/dev/null` as its input and output. A name without a
    /// slash is looked up on the `PATH`.
    package init(detached arguments: [RawArgument]) throws(SystemError) {
        var none = sigset_t()
        unsafe sigemptyset(&none)
        try self.init(arguments, blocking: none, detached: true)
    }

    /// Starts a program with this process's environment. If `detached` is false, the program also has this process's
    /// input, output and terminal. `mask` contains the signals that are blocked in the program. If the system cannot
    /// run an executable file, `/bin/sh` runs the file as a script. Shells and `execvp` do this too.
    private init(_ arguments: [RawArgument], blocking mask: sigset_t, detached: Bool) throws(SystemError) {
        do throws(SystemError) {
            processID = try Self.start(arguments, blocking: mask, detached: detached)
        } catch  where error.code == ENOEXEC {
            guard let script = Self.file(of: arguments[0]) else { throw error }
            let shell = [RawArgument("/bin/sh"), script] + arguments.dropFirst()
            processID = try Self.start(shell, blocking: mask, detached: detached)
        }
    }

    /// Returns the path of the file that `program` names. A name with a slash is already a path. For any other name,
    /// the file is the first executable file of that name on the `PATH`. Nil if the `PATH` has no such file.
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
            // Another process may wait until all copies of this process's descriptors are closed. The child must not
            // keep copies.
            unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)
            for descriptor: CInt in 0...2 {
                unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
            }
        }
        var processID = pid_t()
        let code = unsafe RawArgument.withList(of: arguments) { list in
            // The list is never empty, and its first element is the program's name. The new program gets its own copies
            // of the strings.
            unsafe posix_spawnp(&processID, list[0]!, &actions, &attributes, &list, nexus_environment())
        }
        guard code == 0 else { throw SystemError("run", arguments[0].text, code: code) }
        return processID
    }

    /// Runs a program in the foreground, as a shell does, and waits for its end. The program has the terminal. This
    /// process relays signals of other processes to the program; signals from the terminal reach the program directly.
    /// If this process has a terminal, it stops when the program stops, so that the user can continue both.
    ///
    /// Calls `finish` with the termination and returns the result of `finish`. While the program runs, the relayed
    /// signals do not end this process, even if a sender addresses the whole process group. During `finish`, SIGINT and
    /// SIGQUIT end this process; the other relayed signals do not.
    package static func runInForeground<Value>(
        _ arguments: [RawArgument], _ finish: (Result<Termination, SystemError>) -> Value
    ) -> Value {
        // This process may have inherited an ignored SIGCHLD. The kernel would then not report that a child has ended.
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

    /// Lets Ctrl-C and Ctrl-\ end this process again, so that the user can cancel the remaining work. Signals of
    /// earlier keystrokes are discarded, because the user meant them for the program.
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
            // A code above zero means that the kernel sent the signal. Signals of the terminal have such a code. They
            // already reach every process of the group, so they are not relayed.
            if number > 0, number != SIGCHLD, unsafe information.si_code <= 0 { kill(processID, number) }
        }
    }

    /// Reaps orphaned processes. As process 1, for example of a container, this process is their parent, so no other
    /// process reaps them.
    private func reapOthers() {
        var information = unsafe siginfo_t()
        // With WNOWAIT the call does not reap the process. Only `look` may reap the program with the id `processID`.
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

    /// Returns the change of the program's state since the last call; nil if the state has not changed.
    private func look() throws(SystemError) -> Change? {
        var status: CInt = 0
        let processID = self.processID
        let changed = retryingInterrupts { Int(unsafe waitpid(processID, &status, WNOHANG | WUNTRACED)) }
        guard changed >= 0 else { throw SystemError("wait for", "process \(processID)") }
        guard changed == Int(processID) else { return nil }
        // Swift does not import the macros of wait(2), so the status is decoded here.
        switch status & 0x7F {
        case 0: return .ended(.exited(status >> 8 & 0xFF))
        case 0x7F: return .stopped
        case let signal: return .ended(.signaled(signal))
        }
    }

    /// Stops this process because its program has stopped. The shell detects the stop and returns the terminal to the
    /// user. When the shell continues this process, this process continues the program. Without a terminal no shell
    /// waits, and this process does not stop. The process that stopped the program can then continue it directly.
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
    /// The id of the user that this process runs as.
    package static var userID: UInt32 { geteuid() }

    /// Whether this process runs as root.
    package static var isRoot: Bool { userID == 0 }

    /// Ends the process immediately with an exit code.
    package static func end(_ code: Int32) -> Never { exit(code) }

    /// Prevents a core file of this process, because the file would contain names and the hash key. Programs that this
    /// process starts are not affected.
    package static func forbidCoreFile() { nexus_forbid_core_file() }

    /// Lowers the priority of this process to the default priority of `nice`. Call it before work that takes seconds
    /// and that no recording or report waits for. Linux has a priority for each thread, so the call changes every
    /// thread. New threads inherit the priority. Failures are ignored.
    package static func lowerPriority() {
        let niceness: CInt = 10
        for thread in (try? Folder("/proc/self/task").names()) ?? [] {
            guard let thread = CInt(thread) else { continue }
            setpriority(CInt(PRIO_PROCESS.rawValue), id_t(thread), niceness)
        }
    }

    /// Replaces this process by another program, with the same process id, input, output and environment. The first
    /// argument is the new program's own name (`argv[0]`). Returns only on failure.
    package static func become(_ program: String, _ arguments: [RawArgument]) -> SystemError {
        unsafe RawArgument.withList(of: arguments) { list in _ = unsafe execv(program, list) }
        return SystemError("run", program)
    }

    /// Prepares this process for work with its own files. Only the owner can access new files. A failed write is an
    /// error instead of a signal. A missing standard stream is opened on `/dev/null`; otherwise the next opened file
    /// would get the descriptor number of that stream.
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

    /// Ignores the signals that the system sends for a write to a pipe without a reader, or to a file at its size
    /// limit. The write then fails with an error. Programs that this process starts later ignore these signals too.
    package static func surviveFailedWrites() { ignore([SIGXFSZ, SIGPIPE]) }

    /// Whether this process was started with SIGHUP ignored, for example by `nohup`.
    package static var ignoresHangup: Bool {
        var action = sigaction()
        guard unsafe sigaction(SIGHUP, nil, &action) == 0 else { return false }
        return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Ignores signals.
    package static func ignore(_ signals: [Int32]) {
        for number in signals { signal(number, SIG_IGN) }
    }
}
