private import Glibc

/// Runs `body` on a new thread, which ends with it.
func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Start: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    // The thread takes over the one reference.
    let argument = unsafe Unmanaged.passRetained(Start(body)).toOpaque()
    let result = unsafe pthread_create(
        &thread, nil,
        { argument in
            let start = unsafe Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
            start.body()
            return nil
        }, argument)
    guard result == 0 else {
        // An executor without its thread would let its actor wait for ever.
        let reason = SystemError("start", "a thread", code: result).description
        try? File.standardError.write(
            "nexus: \(reason); raise the limits on processes and memory, or try again later\n")
        ThisProcess.end(ExitCode.tryAgain.rawValue)
    }
    pthread_detach(thread)
}
