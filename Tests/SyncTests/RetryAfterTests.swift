import Core
import Sync
import Testing

@Suite("The time that a server asks to wait")
struct RetryAfterTests {
    /// 1994-11-06 08:49:37 UTC.
    private static let time: Int64 = 784_111_777_000

    @Test(
        "Seconds and dates are read",
        arguments: [
            ("0", Duration.zero), ("3600", .seconds(3600)), ("Sun, 06 Nov 1994 08:49:37 GMT", .seconds(60)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", .zero), ("Mon, 07 Nov 1994 08:49:37 GMT", .seconds(86_460)),
        ])
    func read(text: String, expected: Duration) {
        #expect(RetryAfter.duration(text, now: Self.time - 60_000) == expected)
    }

    @Test(
        "Any other text is not a time",
        arguments: [
            "", "-1", "soon", "99999999999", "1.5", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT", "06 Nov 1994 08:49:37 GMT x",
        ])
    func refused(text: String) {
        #expect(RetryAfter.duration(text, now: Self.time) == nil)
    }
}
