private import CPlatform
private import Glibc

/// An open file. It retries calls that a signal interrupted. It follows a symbolic link at its path only with
/// `Mode.followingLinks`. Except for the standard streams, it closes itself and is not inherited by child processes.
@usableFromInline
package struct File: ~Copyable, Sendable {
    package let path: String
    package let descriptor: CInt
    private let closesDescriptor: Bool

    /// Options for opening a file. The type is `@usableFromInline`, so that other modules combine its members with one
    /// instruction each. Generic code for option sets would look up types at run time. That time is noticeable in a
    /// program that opens three files.
    @usableFromInline
    package struct Mode: OptionSet, Sendable {
        @usableFromInline package let rawValue: CInt
        @inlinable package init(rawValue: CInt) { self.rawValue = rawValue }

        package static let read = Mode(rawValue: O_RDONLY)
        package static let write = Mode(rawValue: O_WRONLY)
        package static let readWrite = Mode(rawValue: O_RDWR)
        /// Every write goes to the end of the file.
        package static let append = Mode(rawValue: O_APPEND)
        package static let create = Mode(rawValue: O_CREAT)
        package static let exclusive = Mode(rawValue: O_EXCL)
        package static let truncate = Mode(rawValue: O_TRUNC)
        package static let folder = Mode(rawValue: O_DIRECTORY)
        package static let nonBlocking = Mode(rawValue: O_NONBLOCK)
        /// Opens only a regular file; any other kind is an error. The call does not wait for the other end of a pipe.
        package static let regular = Mode(rawValue: 1 << 29)
        /// Follows symbolic links. Use it only for paths that the user gives; Nexus's own files are never links.
        package static let followingLinks = Mode(rawValue: 1 << 30)
    }

    /// Opens `path`. If the call creates the file, only the owner can access it (0600).
    package init(opening path: String, _ mode: Mode) throws(SystemError) {
        let descriptor = retryingInterrupts {
            let links = mode.contains(.followingLinks) ? 0 : O_NOFOLLOW
            let pipes = mode.contains(.regular) ? O_NONBLOCK : 0
            let flags = mode.subtracting([.followingLinks, .regular]).rawValue
            return Int(unsafe Glibc.open(path, flags | links | pipes | O_CLOEXEC, 0o600))
        }
        guard descriptor >= 0 else {
            // open(2) fails with ENXIO for a socket, and for a pipe without a reader.
            if errno == ENXIO, mode.contains(.regular) { throw SystemError.notAFile(path) }
            throw SystemError("open", path)
        }
        if mode.contains(.regular) {
            var status = stat()
            guard unsafe fstat(CInt(descriptor), &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                close(CInt(descriptor))
                throw SystemError.notAFile(path)
            }
        }
        self.path = path
        self.descriptor = CInt(descriptor)
        closesDescriptor = true
    }

    private init(standard descriptor: CInt, name: String) {
        path = name
        self.descriptor = descriptor
        closesDescriptor = false
    }

    /// Takes ownership of a descriptor that another process has passed. The descriptor is closed with this value.
    /// `path` names the file in messages.
    package init(takingOver descriptor: CInt, path: String) {
        self.path = path
        self.descriptor = descriptor
        closesDescriptor = true
    }

    /// This process's standard input; it stays open when the value is destroyed.
    package static var standardInput: File { File(standard: STDIN_FILENO, name: "standard input") }
    /// This process's standard output; it stays open when the value is destroyed.
    package static var standardOutput: File { File(standard: STDOUT_FILENO, name: "standard output") }
    /// This process's standard error; it stays open when the value is destroyed.
    package static var standardError: File { File(standard: STDERR_FILENO, name: "standard error") }

    deinit {
        if closesDescriptor { close(descriptor) }
    }

    /// The file system's status of an open file.
    package struct Status: Sendable {
        /// Length in bytes.
        package let size: Int
        package let owner: UInt32
        /// The file's number in its file system. A copy of the file has another number.
        package let inode: UInt64
        package let isRegular: Bool
        package let isFolder: Bool
        /// Whether users other than the owner have any permission on the file.
        package let isOpenToOthers: Bool
        /// Whether users other than the owner may write to the file.
        package let isWritableByOthers: Bool

        fileprivate init(_ status: stat) {
            size = Int(status.st_size)
            owner = status.st_uid
            inode = UInt64(status.st_ino)
            isRegular = status.st_mode & S_IFMT == S_IFREG
            isFolder = status.st_mode & S_IFMT == S_IFDIR
            isOpenToOthers = status.st_mode & 0o077 != 0
            isWritableByOthers = status.st_mode & 0o022 != 0
        }
    }

    /// Returns whether this process's user owns the file that has this status.
    package static func isOwn(_ status: Status) -> Bool { status.owner == geteuid() }

    package func status() throws(SystemError) -> Status { Status(try rawStatus()) }

    /// Returns whether `path` still leads to this file; false if the file was removed or renamed.
    package func isAtItsPath() throws(SystemError) -> Bool { try statusAtItsPath() != nil }

    /// Returns the file's status if `path` still leads to this file; otherwise nil.
    package func statusAtItsPath() throws(SystemError) -> Status? {
        let own = try rawStatus()
        var there = stat()
        guard unsafe lstat(path, &there) == 0 else {
            if errno == ENOENT { return nil }
            throw SystemError("examine", path)
        }
        return own.st_dev == there.st_dev && own.st_ino == there.st_ino ? Status(own) : nil
    }

    private func rawStatus() throws(SystemError) -> stat {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw SystemError("examine", path) }
        return status
    }

    /// Whether the file is a terminal.
    package var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Reads up to `limit` bytes and appends them to `bytes`. Returns the number of appended bytes; 0 at the end of the
    /// file.
    package func read(appendingTo bytes: inout [UInt8], limit: Int) throws(SystemError) -> Int {
        let descriptor = self.descriptor
        let got = unsafe bytes.appendUninitialized(limit) { room in
            retryingInterrupts { unsafe Glibc.read(descriptor, room.baseAddress, room.count) }
        }
        guard got >= 0 else { throw SystemError("read", path) }
        return got
    }

    /// Reads `count` bytes into a new array. The array has fewer bytes if the file ends before.
    package func read(_ count: Int) throws(SystemError) -> [UInt8] {
        let descriptor = self.descriptor
        var isFailed = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { room, filled in
            while filled < count {
                let whole = UnsafeMutableRawBufferPointer(room)
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: whole[filled...])
                // The call writes at most `rest.count` bytes into the rest of the buffer.
                let got = retryingInterrupts { unsafe Glibc.read(descriptor, rest.baseAddress, rest.count) }
                isFailed = got < 0
                guard got > 0 else { break }
                filled += got
            }
        }
        guard !isFailed else { throw SystemError("read", path) }
        return bytes
    }

    /// Reads up to `limit` bytes from `offset` on and appends them to `bytes`. Returns the number of appended bytes; 0
    /// at the end of the file.
    package func read(appendingTo bytes: inout [UInt8], at offset: Int, limit: Int) throws(SystemError) -> Int {
        let descriptor = self.descriptor
        let got = unsafe bytes.appendUninitialized(limit) { room in
            retryingInterrupts { unsafe pread(descriptor, room.baseAddress, room.count, off_t(offset)) }
        }
        guard got >= 0 else { throw SystemError("read", path) }
        return got
    }

    /// Waits at most `duration` until a read would not block.
    /// - Returns: true if input, or its end, can be read; false if the time has passed.
    package func waitForInput(atMost duration: Duration) throws(SystemError) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let milliseconds = CInt(duration / .milliseconds(1) as Double)
        let ready = retryingInterrupts { Int(unsafe poll(&entry, 1, milliseconds)) }
        guard ready >= 0 else { throw SystemError("wait for", path) }
        return ready > 0
    }

    /// Writes all of `bytes` at the file's position, with several system calls if necessary.
    package func write(_ bytes: Span<UInt8>) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let rest = bytes.extracting(written..<bytes.count)
            let step = unsafe rest.withUnsafeBytes { buffer in
                // The call only reads the bytes of `buffer`, and returns before the closure does.
                retryingInterrupts { unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count) }
            }
            guard step >= 0 else { throw SystemError("write to", path) }
            written += step
        }
    }

    /// Overwrites the bytes from `offset` on with all of `bytes`; the file's position is unchanged.
    package func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let rest = bytes.extracting(written..<bytes.count)
            let step = unsafe rest.withUnsafeBytes { buffer in
                // The call only reads the bytes of `buffer`, and returns before the closure does.
                retryingInterrupts {
                    unsafe pwrite(descriptor, buffer.baseAddress, buffer.count, off_t(offset + written))
                }
            }
            guard step >= 0 else { throw SystemError("write to", path) }
            written += step
        }
    }

    /// The number of bytes that the user can still write to the file system of this file.
    package func freeSpace() throws(SystemError) -> Int {
        var status = statvfs()
        guard unsafe fstatvfs(descriptor, &status) == 0 else { throw SystemError("examine", path) }
        return Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }

    /// Writes all of `text` as UTF-8.
    package func write(_ text: String) throws(SystemError) {
        try write(Array(text.utf8).span)
    }

    package func truncate(to size: Int) throws(SystemError) {
        guard retryingInterrupts({ Int(ftruncate(descriptor, off_t(size))) }) == 0 else {
            throw SystemError("shorten", path)
        }
    }

    /// Sets the permission bits, `0o500` for example.
    package func setPermissions(_ permissions: UInt32) throws(SystemError) {
        guard fchmod(descriptor, mode_t(permissions)) == 0 else { throw SystemError("change the permissions of", path) }
    }

    /// Returns once the content is on disk. After an error the content must be considered lost. The system forgets
    /// which pages it failed to write, so a second call would wrongly succeed.
    package func synchronizeData() throws(SystemError) {
        guard retryingInterrupts({ Int(fdatasync(descriptor)) }) == 0 else { throw SystemError("synchronize", path) }
    }

    /// Asks the system to start writing the file's dirty pages to disk. The call does not wait and guarantees nothing.
    /// A later `synchronizeData` waits until the content is on disk, and has less to write.
    package func startWritingOut() {
        nexus_start_writing_out(descriptor)
    }

    /// Waits for the exclusive lock. The kernel releases the lock when the last descriptor of this open file is closed,
    /// also if the process is killed.
    package func lock() throws(SystemError) {
        guard retryingInterrupts({ Int(flock(descriptor, LOCK_EX)) }) == 0 else { throw SystemError("lock", path) }
    }

    /// Takes the exclusive lock if it is free. Returns whether this call has taken it.
    package func tryLock() throws(SystemError) -> Bool {
        if retryingInterrupts({ Int(flock(descriptor, LOCK_EX | LOCK_NB)) }) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw SystemError("lock", path) }
        return false
    }

    /// Waits at most `patience` for the exclusive lock. The time is limited, because a stopped process keeps its lock
    /// until it continues.
    /// - Returns: true if this call has taken the lock; false if the lock was not released in that time.
    package func lock(within patience: Duration) throws(SystemError) -> Bool {
        // The lock is usually free, and then the clock need not be read.
        if try tryLock() { return true }
        let deadline = ContinuousClock.now + patience
        repeat {
            guard ContinuousClock.now < deadline else { return false }
            usleep(Self.lockInterval)
        } while try !tryLock()
        return true
    }

    /// Microseconds between two attempts to take a lock. An append holds a lock for a fraction of this time.
    private static let lockInterval: UInt32 = 200

    package func unlock() {
        // `flock` cannot fail on an open descriptor, and this descriptor is open as long as this value lives.
        _ = flock(descriptor, LOCK_UN)
    }
}

extension [UInt8] {
    /// Reserves `limit` bytes at the end and lets `fill` write there. Keeps as many bytes as `fill` returns; -1 means
    /// an error, and no byte is kept.
    fileprivate mutating func appendUninitialized(
        _ limit: Int, fill: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Int {
        var got = -1
        append(addingCapacity: limit) { room in
            unsafe room.withUnsafeMutableBufferPointer { buffer, initializedCount in
                // The slice is the uninitialized space after the existing bytes; `fill` writes inside the slice and
                // does not keep the pointer.
                got = unsafe fill(
                    UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[initializedCount...])))
                initializedCount += Swift.max(got, 0)
            }
        }
        return got
    }
}

/// A pipe with a name in the file system.
package enum NamedPipe {
    /// Creates a pipe and opens it for reading. Fails if the name exists. The pipe is also opened for writing, so that
    /// its reader sees no end of input when the last writer closes it. `capacity` is the requested capacity, in bytes.
    package static func create(_ path: String, capacity: Int) throws(SystemError) -> File {
        guard unsafe mkfifo(path, 0o600) == 0 else { throw SystemError("create", path) }
        let pipe = try File(opening: path, .readWrite)
        // If the system refuses this capacity, a smaller pipe works too.
        _ = fcntl(pipe.descriptor, CInt(NEXUS_SET_PIPE_SIZE.rawValue), CInt(capacity))
        return pipe
    }

    /// Opens a pipe for writing, without waiting. Fails if no process reads the pipe.
    package static func openForWriting(_ path: String) throws(SystemError) -> File {
        try File(opening: path, [.write, .nonBlocking])
    }

    /// Writes a text to a pipe, without waiting.
    /// - Returns: true if the text was written; false if no process reads the pipe or the pipe is full.
    package static func offer(_ text: String, to path: String) -> Bool {
        guard let pipe = try? openForWriting(path) else { return false }
        return (try? pipe.write(text)) != nil
    }

    /// Returns the number of unread bytes in a pipe; 0 if there is no pipe.
    package static func waitingBytes(in path: String) -> Int {
        guard let pipe = try? File(opening: path, [.read, .nonBlocking]) else { return 0 }
        var count: CInt = 0
        // The call writes only `count`.
        guard unsafe ioctl(pipe.descriptor, UInt(FIONREAD), &count) == 0 else { return 0 }
        return Int(count)
    }
}
