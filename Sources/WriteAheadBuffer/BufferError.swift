package import Core
package import SystemSupport

/// The reason why an operation of the write-ahead buffer failed.
package enum BufferError: ReportedError, Equatable {
    /// A system call failed. After a failed append, no record of the batch counts as accepted.
    case system(SystemError)
    /// The folder already has the maximum number of segments; a drain must store and remove some of them first.
    case full(folder: String)
    /// Another process does not release the lock of a segment or of the folder, for example because the process is
    /// stopped.
    case busy(path: String)
    /// A segment was written by a later version of Nexus, in a format that this version does not know.
    case newerVersion(path: String, version: UInt32)
    /// The settings disable recording. No record of the batch was written, and the batch must not be written later.
    case off(reason: String)
    /// The settings cannot be read, and it is unknown whether recording is on. No record of the batch was written.
    case settings(SettingsError)

    /// Whether recording is off. The caller must then discard the batch instead of retrying it.
    package var isOff: Bool {
        switch self {
        case .off: true
        case .settings(let error): error.isOff
        case .system, .full, .busy, .newerVersion: false
        }
    }

    /// The exit code from sysexits.h.
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
            "the buffer in \(folder.escapedForDisplay) is full (\(Limits.waitingSegments) segments wait); "
                + "run 'nexus flush', then try again"
        case .busy(let path):
            "cannot use \(path.escapedForDisplay): another process was stopped while writing to it; continue or end "
                + "that process, then try again"
        case .newerVersion(let path, let version):
            "cannot read \(path.escapedForDisplay): a newer Nexus wrote it, in format \(version); update Nexus"
        case .off(let reason): "recording is off, as \(reason.escapedForDisplay)"
        case .settings(let error): error.description
        }
    }
}

/// Runs file work and rethrows its error as a `BufferError`.
func asBufferError<Value: ~Copyable>(_ work: () throws(SystemError) -> Value) throws(BufferError) -> Value {
    do { return try work() } catch { throw .system(error) }
}
