private import Glibc

/// Checks, before a command starts its work, that this process can get the files, threads and memory for it. If no
/// thread can be created, the concurrency runtime waits indefinitely. If no file can be opened, some libraries abort.
package struct ProcessResources: Equatable, Sendable {
    /// The number of files that the command opens at one time, in addition to the files that are open now.
    package let files: Int
    /// The number of threads that the command starts, in addition to the threads that run now.
    package let threads: Int
    /// The address space that the command needs for data, in bytes.
    package let memory: Int

    package init(files: Int, threads: Int, memory: Int) {
        self.files = files
        self.threads = threads
        self.memory = memory
    }

    /// The number of processors. The concurrency runtime starts one thread for each of them.
    package static var processors: Int { max(1, Int(sysconf(CInt(_SC_NPROCESSORS_ONLN)))) }

    /// Opens the files, allocates the memory and starts the threads at the same time, and releases all of them.
    /// - Returns: nil if all of them are available; otherwise a sentence that names the shortage.
    package func findShortage() -> String? {
        let opened = openFiles()
        defer { for descriptor in opened.descriptors { close(descriptor) } }
        if let code = opened.code {
            return "cannot start: only \(opened.descriptors.count) of \(files) files can be opened: \(reason(code)); "
                + "raise the limit, for example with 'ulimit -n 256'"
        }
        let area = unsafe mmap(
            nil, memory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard unsafe area != MAP_FAILED else {
            return "cannot start: \(memory >> 20) MiB of memory cannot be allocated: \(reason(errno)); "
                + "raise the limit, for example with 'ulimit -v unlimited'"
        }
        defer { unsafe munmap(area, memory) }
        guard let code = startThreads() else { return nil }
        return "cannot start: \(threads) threads cannot be created: \(reason(code)); "
            + "raise the limits on processes and memory (ulimit -u, ulimit -v), or end other processes"
    }

    private func reason(_ code: CInt) -> String { SystemError("", "", code: code).reason }

    /// Duplicates a descriptor once for each file that is needed. Stops at the first failure and returns its error
    /// code; the code is nil if no call failed.
    private func openFiles() -> (descriptors: [CInt], code: CInt?) {
        var descriptors: [CInt] = []
        while descriptors.count < files {
            let descriptor = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
            guard descriptor >= 0 else { return (descriptors, errno == EINVAL ? EMFILE : errno) }
            descriptors.append(descriptor)
        }
        return (descriptors, nil)
    }

    /// Starts the threads that are needed, and waits for their end. Returns the error code of the first failure; nil if
    /// every thread has started.
    private func startThreads() -> CInt? {
        // Each thread waits for the mutex, so that all threads exist at the same time.
        let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        defer { unsafe mutex.deallocate() }
        unsafe pthread_mutex_init(mutex, nil)
        defer { unsafe pthread_mutex_destroy(mutex) }
        unsafe pthread_mutex_lock(mutex)
        var started: [pthread_t] = []
        var failure: CInt?
        while started.count < threads, failure == nil {
            var thread = pthread_t()
            let code = unsafe pthread_create(
                &thread, nil,
                { argument in
                    // The mutex exists until every thread was joined.
                    let mutex = unsafe argument!.assumingMemoryBound(to: pthread_mutex_t.self)
                    unsafe pthread_mutex_lock(mutex)
                    unsafe pthread_mutex_unlock(mutex)
                    return nil
                }, mutex)
            if code == 0 { started.append(thread) } else { failure = code }
        }
        unsafe pthread_mutex_unlock(mutex)
        for thread in started { pthread_join(thread, nil) }
        return failure
    }
}

/// The limit on the files and sockets that this process may have open.
package enum FileLimit {
    package static var current: Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 256 }
        return Int(clamping: limit.rlim_cur)
    }

    /// Sets the limit to the hard limit of this process, at most 65,536, and returns the new limit.
    package static func raise() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 256 }
        limit.rlim_cur = min(limit.rlim_max, 65_536)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: limit.rlim_cur)
    }
}
