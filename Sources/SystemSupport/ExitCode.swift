/// How a program ends that could not do its work, after sysexits.h.
package enum ExitCode: Int32, Sendable {
    case usage = 64
    case rejectedInput = 65
    case unavailable = 69
    case inputOutput = 74
    case tryAgain = 75
    case notPermitted = 77
    case settings = 78

    /// The code for a system call that failed.
    package init(_ error: SystemError) {
        self = error.isPermission ? .notPermitted : .inputOutput
    }
}

/// An error that ends a command with one sentence and a code.
package protocol ReportedError: Error, CustomStringConvertible {
    /// The code that the command returns.
    var exitCode: ExitCode { get }
}

extension SystemError: ReportedError {
    package var exitCode: ExitCode { ExitCode(self) }
}
