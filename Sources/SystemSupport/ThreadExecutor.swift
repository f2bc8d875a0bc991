private import Glibc

/// A serial executor with its own thread, for actors whose work blocks: reading, writing, SQLite.
///
/// The Swift runtime has one shared thread for each core. On a machine with two cores, two blocking calls on these
/// threads would stall all other tasks.
package final class ThreadExecutor: SerialExecutor {
    private let queue: JobQueue

    package init() {
        queue = JobQueue()
        queue.start()
    }

    deinit {
        queue.stop()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        unsafe queue.push(UnownedJob(job), on: asUnownedSerialExecutor())
    }
}

/// Jobs in the order in which they were enqueued, and the thread that runs them.
///
/// `@unchecked Sendable`: `jobs` and `isStopped` are read and written only between `pthread_mutex_lock` and
/// `pthread_mutex_unlock` of `mutex`. `mutex` and `condition` are allocated once and freed with the last reference to
/// the queue. The thread holds such a reference.
@safe private final class JobQueue: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [Entry] = unsafe []
    private var isStopped = false

    /// The job and the executor stay valid until the job has run. The task of the job holds the actor, and the actor
    /// holds the executor.
    @unsafe private struct Entry {
        let job: UnownedJob
        let executor: UnownedSerialExecutor

        func run() { unsafe job.runSynchronously(on: executor) }
    }

    init() {
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    func start() {
        startThread { self.run() }
    }

    func push(_ job: UnownedJob, on executor: UnownedSerialExecutor) {
        unsafe pthread_mutex_lock(mutex)
        unsafe jobs.append(Entry(job: job, executor: executor))
        unsafe pthread_cond_signal(condition)
        unsafe pthread_mutex_unlock(mutex)
    }

    func stop() {
        unsafe pthread_mutex_lock(mutex)
        isStopped = true
        unsafe pthread_cond_signal(condition)
        unsafe pthread_mutex_unlock(mutex)
    }

    private func run() {
        while let batch = unsafe next() {
            for index in unsafe batch.indices { unsafe batch[index].run() }
        }
    }

    private func next() -> [Entry]? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while unsafe jobs.isEmpty && !isStopped { unsafe pthread_cond_wait(condition, mutex) }
        guard unsafe !jobs.isEmpty else { return nil }
        defer { unsafe jobs.removeAll(keepingCapacity: true) }
        return unsafe jobs
    }
}

/// Runs `body` on a new thread. The thread ends when `body` returns.
func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Start: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    // The new thread takes over this reference.
    let argument = unsafe Unmanaged.passRetained(Start(body)).toOpaque()
    let result = unsafe pthread_create(
        &thread, nil,
        { argument in
            let start = unsafe Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
            start.body()
            return nil
        }, argument)
    guard result == 0 else {
        // An executor without its thread would block its actor forever.
        let reason = SystemError("start", "a thread", code: result).description
        try? File.standardError.write(
            "nexus: \(reason); raise the limits on processes and memory, or try again later\n")
        ThisProcess.end(ExitCode.tryAgain.rawValue)
    }
    pthread_detach(thread)
}
