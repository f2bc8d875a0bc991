import Glibc

/// Why a stream could not be written to its end.
enum OutputError: Error {
    /// The program that reads the stream has closed its end, which is not a fault.
    case readerClosed
    /// The system refused to write, with this error number.
    case failed(Int32)
}

/// The only place that hands bytes to the system.
enum FileOutput {
    /// Makes a closed pipe an ordinary error of `write` instead of a signal that kills the program.
    static func ignoreClosedPipeSignal() {
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// Writes all bytes to a file descriptor.
    static func write(_ bytes: [UInt8], to descriptor: Int32) throws(OutputError) {
        var written = 0
        while written < bytes.count {
            // The system call takes a pointer; it only reads, and only inside the array that lives for
            // the whole closure.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
                return unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
            }
            if count >= 0 {
                written += count
            } else if errno == EPIPE {
                throw .readerClosed
            } else if errno != EINTR {
                throw .failed(errno)
            }
        }
    }
}
