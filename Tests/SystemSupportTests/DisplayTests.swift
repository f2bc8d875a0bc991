import SystemSupport
import Testing

@Suite("Text on a terminal")
struct DisplayTests {
    @Test(
        "Characters that move or hide text are made visible",
        arguments: [
            ("plain ä 日本", "plain ä 日本"), ("\u{1B}[31mred", "\\u{1b}[31mred"), ("a\nb\tc", "a\\u{a}b\\u{9}c"),
            ("\u{202E}abc", "\\u{202e}abc"), ("\u{2028}", "\\u{2028}"), ("\u{E000}", "\\u{e000}"),
            ("\u{7F}", "\\u{7f}"),
        ])
    func escaped(text: String, shown: String) {
        #expect(text.escapedForDisplay == shown)
    }

    @Test("A number is followed by its noun in singular or plural")
    func counted() {
        #expect(1.counted("event") == "1 event" && 0.counted("event") == "0 events")
        #expect(
            2.counted("entry", plural: "entries") == "2 entries" && 1.counted("entry", plural: "entries") == "1 entry")
    }

    @Test(
        "The width of a text is that of a terminal",
        arguments: [
            ("", 0), ("abc", 3), ("ä", 1), ("e\u{301}", 1), ("日本", 4), ("한", 2), ("👍", 2), ("👩‍👩‍👧", 2), ("☎\u{FE0F}", 2),
            ("ｆ", 2), ("\u{1160}", 0), ("\u{200B}", 0), ("\u{85}", 0), ("ﾊ", 1), ("𠀀", 2), ("〈", 2), ("가나", 4),
            ("☎", 1),
            ("\u{A960}", 2), ("\u{FE30}", 2), ("\u{F900}", 2), ("￡", 2), ("\u{17000}", 2), ("あ", 2), ("㐀", 2),
        ])
    func width(text: String, columns: Int) {
        #expect(text.displayWidth == columns)
    }

    @Test("A text that is too wide is truncated at a column, with a mark")
    func truncated() {
        #expect("abcdef".truncated(toWidth: 6, mark: "…") == "abcdef")
        #expect("abcdef".truncated(toWidth: 4, mark: "…") == "abc…")
        #expect("日本語".truncated(toWidth: 4, mark: "…") == "日…", "half a character is none")
        #expect("abcdef".truncated(toWidth: 2, mark: "...") == "..")
        #expect("日".padded(toWidth: 4) == "日  " && "abc".padded(toWidth: 2) == "abc")
    }

    @Test("A failed call is reported with what was tried, on what, and why")
    func errors() {
        let missing = SystemError("open", "/a\u{1B}", code: 2)
        #expect(missing.description == "cannot open /a\\u{1b}: no such file or directory")
        #expect(missing.isNotFound && missing.exitCode == .inputOutput && !missing.isPermission)
        #expect(SystemError("start", "", code: 11).description == "cannot start: resource temporarily unavailable")
        #expect(
            SystemError.notAFile("/d").description
                == "cannot use /d: it is not a regular file; move it away and run again")
        #expect(SystemError.notAFile("/d").isNotAFile && !missing.isNotAFile)
        #expect(SystemError.ofAnotherUser("/d").exitCode == .notPermitted)
        #expect(SystemError.tooLarge("/d").description == "cannot read /d: file too large")
        #expect(SystemError.link("/d").isPermission && !SystemError.link("/d").isUnwritable)
        #expect(SystemError("", "", code: 28).isDiskFull && SystemError("", "", code: 122).isDiskFull)
        #expect(SystemError("", "", code: 24).isOutOfFiles && SystemError("", "", code: 32).isClosedPipe)
        #expect(SystemError("", "", code: 20).isInNoFolder && SystemError("", "", code: 13).isNotExecutable)
        #expect(SystemError("", "", code: 30).isUnwritable)
    }
}
