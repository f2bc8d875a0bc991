private import Glibc

/// The terminal that a file may be.
package enum Terminal {
    /// How many columns the terminal has; nil when `file` is none or does not say.
    package static func columns(of file: borrowing File) -> Int? {
        size(of: file).flatMap { $0.ws_col > 0 ? Int($0.ws_col) : nil }
    }

    /// How many lines the terminal has; nil when `file` is none or does not say.
    package static func lines(of file: borrowing File) -> Int? {
        size(of: file).flatMap { $0.ws_row > 0 ? Int($0.ws_row) : nil }
    }

    private static func size(of file: borrowing File) -> winsize? {
        var size = winsize()
        // The call fills in the one value it is given, which outlives it.
        return unsafe ioctl(file.descriptor, UInt(TIOCGWINSZ), &size) == 0 ? size : nil
    }
}
