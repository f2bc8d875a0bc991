import Core
import SystemSupport

/// The time that a server asks to wait, in the header `Retry-After` (RFC 9110, section 10.2.3).
///
/// It is read here and not by a date formatter of Foundation, which would bring the 34 MB of ICU's tables into the program.
package enum RetryAfter {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Returns the time to wait: `text` is a number of seconds, or a date such as `Sun, 06 Nov 1994 08:49:37 GMT`. A date that
    /// has passed is no time to wait. Nil for any other text.
    ///
    /// - Parameter now: milliseconds since 1970.
    package static func duration(_ text: String, now: Int64 = SystemClock().now()) -> Duration? {
        if let seconds = Int(text) { return seconds >= 0 && seconds < 1 << 31 ? .seconds(seconds) : nil }
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 6, words[0].utf8.count == 4, words[0].hasSuffix(","), words[1].utf8.count == 2,
            let month = months.firstIndex(of: String(words[2])), words[3].utf8.count == 4, words[4].utf8.count == 8,
            words[5] == "GMT"
        else { return nil }
        let number = month + 1 < 10 ? "0\(month + 1)" : "\(month + 1)"
        let date = "\(words[3])-\(number)-\(words[1])T\(words[4])Z"
        guard let time = Timestamp.parse(date.utf8.span) else { return nil }
        return .milliseconds(max(0, time - now))
    }
}
