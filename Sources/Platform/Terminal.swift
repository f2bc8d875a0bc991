private import Glibc

/// The terminal that a file may be.
package enum Terminal {
    /// How many columns the terminal has; nil when `file` is none or does not say.
    package static func columns(of file: borrowing File) -> Int? {
        var size = winsize()
        // The call fills in the one value it is given, which outlives it.
        guard unsafe ioctl(file.descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// How many lines the terminal has; nil when `file` is none or does not say.
    package static func lines(of file: borrowing File) -> Int? {
        var size = winsize()
        // As above.
        guard unsafe ioctl(file.descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0 else { return nil }
        return Int(size.ws_row)
    }
}
