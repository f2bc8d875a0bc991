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

        /// What a shell makes of it: the code, or 128 and the signal's number.
        package var shellCode: Int32 {
            switch self {
            case .exited(let code): code
            case .signaled(let number): 128 + number
            }
        }
    }

    /// Starts `arguments[0]`, looked for on the `PATH` unless it has a slash, with this process's input, output,
    /// environment and terminal, and with every signal as a fresh program has it.
    ///
    /// `detached`: in a session of its own, with nothing to read or write.
    package init(_ arguments: [String], detached: Bool = false) throws(SystemError) {
        let program = arguments[0]
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        var taken = sigset_t()
        unsafe sigemptyset(&taken)
        for number in [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE] { unsafe sigaddset(&taken, number) }
        unsafe posix_spawnattr_setsigdefault(&attributes, &taken)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (detached ? CInt(NEXUS_SPAWN_SETSID.rawValue) : 0)
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        if detached {
            for descriptor: CInt in 0...2 {
                unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
            }
        }
        // The copies live until the call returns; the new program has its own by then.
        var vector = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe vector.forEach { unsafe free($0) } }
        var processID = pid_t()
        let code = unsafe posix_spawnp(&processID, program, &actions, &attributes, &vector, nexus_environment())
        guard code == 0 else { throw SystemError("run", program, code: code) }
        self.processID = processID
    }

    /// Waits until it has ended.
    package func wait() throws(SystemError) -> Termination {
        var status: CInt = 0
        let processID = self.processID
        guard retryingInterrupts({ Int(unsafe waitpid(processID, &status, 0)) }) == processID else {
            throw SystemError("wait for", "process \(processID)")
        }
        // The macros of wait(2), which Swift does not see.
        let signal = status & 0x7F
        return signal == 0 ? .exited(status >> 8 & 0xFF) : .signaled(signal)
    }

    /// Sends it a signal; one that has ended meanwhile gets none.
    package func send(_ signal: Int32) {
        kill(processID, signal)
    }
}

/// This process itself.
package enum ThisProcess {
    /// Ends it at once with a code.
    package static func end(_ code: Int32) -> Never { exit(code) }

    /// Lets signals pass it by.
    package static func ignore(_ signals: [Int32]) {
        for number in signals { signal(number, SIG_IGN) }
    }
}
