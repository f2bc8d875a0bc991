package import Core
package import SystemSupport

/// Why the write-ahead buffer did not do what it was asked.
package enum BufferError: ReportedError, Equatable {
    /// A system call failed. Nothing of the batch counts as accepted.
    case system(SystemError)
    /// As many segments as are allowed wait to be drained.
    case full(folder: String)
    /// Another process has the lock of a segment or of the folder and does not go on, as one that was stopped.
    case busy(path: String)
    /// A segment was written by a later version of Nexus, in a format that this one does not know.
    case newerVersion(path: String, version: UInt32)
    /// The settings switch recording off: nothing of the batch was written, and nothing is to be.
    case off(reason: String)
    /// The settings cannot be read, so that nobody knows whether recording is on. Nothing of the batch was written.
    case settings(SettingsError)

    /// Whether what was to be written is not wanted: it must not be kept for another try.
    package var isOff: Bool {
        switch self {
        case .off: true
        case .settings(let error): error.isOff
        case .system, .full, .busy, .newerVersion: false
        }
    }

    /// The exit code that sysexits.h has for it.
    package var exitCode: ExitCode {
        switch self {
        case .system(let error): ExitCode(error)
        case .full, .busy: .tryAgain
        case .newerVersion, .off: .settings
        case .settings(let error): error.exitCode
        }
    }

    package var description: String {
        switch self {
        case .system(let error): error.description
        case .full(let folder):
            "the buffer in \(folder.escapedForDisplay) is full (\(Limits.waitingSegments) segments wait): "
                + "run 'nexus flush', then try again"
        case .busy(let path):
            "another process has stopped while it was writing to \(path.escapedForDisplay): let it go on or end it, "
                + "then try again"
        case .newerVersion(let path, let version):
            "\(path.escapedForDisplay) has format \(version), which a newer Nexus wrote: update this one"
        case .off(let reason): "recording is off, as \(reason.escapedForDisplay)"
        case .settings(let error): error.description
        }
    }
}

/// Runs a piece of file work and hands its error on as the buffer's own.
func asBufferError<Value: ~Copyable>(_ work: () throws(SystemError) -> Value) throws(BufferError) -> Value {
    do { return try work() } catch { throw .system(error) }
}
