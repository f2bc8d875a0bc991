import Reports
import SystemSupport
import Testing

struct WatchViewTests {
    private func view(lines: Int, rows: Int) -> WatchView {
        var view = WatchView()
        view.resize(rows: rows)
        view.show((1...lines).map { "line \($0)" }.joined(separator: "\n") + "\n")
        return view
    }

    private func frame(_ view: WatchView, columns: Int = 80) -> [String] {
        view.frame(time: "13:04:22", TerminalStyle(columns: columns))
    }

    @Test("A report that fits is shown whole, with the time and the keys in the last line")
    func fits() {
        let frame = frame(view(lines: 23, rows: 24))
        #expect(frame.count == 24 && frame[0] == "line 1" && frame[22] == "line 23")
        #expect(frame[23] == "13:04:22  q: quit")
        #expect(self.frame(view(lines: 3, rows: 24)).count == 24)
    }

    @Test("A longer report shows how much is below, and scrolls by lines, by pages and to its ends")
    func scrolls() {
        var view = view(lines: 60, rows: 24)
        #expect(frame(view)[23] == "13:04:22  q: quit  ↑↓: scroll  37 lines more below")
        view.press(.down)
        #expect(frame(view)[0] == "line 2")
        view.press(.pageDown)
        // The last line of a page is the first of the next.
        #expect(frame(view)[0] == "line 24")
        view.press(.bottom)
        #expect(frame(view)[22] == "line 60" && frame(view)[23] == "13:04:22  q: quit  ↑↓: scroll  end")
        view.press(.down)
        #expect(frame(view)[22] == "line 60")
        view.press(.pageUp)
        view.press(.up)
        #expect(frame(view)[0] == "line 15")
        view.press(.top)
        view.press(.up)
        #expect(frame(view)[0] == "line 1")
    }

    @Test("A redraw keeps the scroll offset, as far as the report and the screen allow")
    func keepsPlace() {
        var view = view(lines: 60, rows: 24)
        for _ in 0..<10 { view.press(.down) }
        view.show((1...50).map { "new \($0)" }.joined(separator: "\n"))
        #expect(frame(view)[0] == "new 11")
        view.show("new 1\nnew 2\n")
        #expect(frame(view)[0] == "new 1" && frame(view)[2] == "")
        view.show((1...50).map { "new \($0)" }.joined(separator: "\n"))
        view.press(.bottom)
        view.resize(rows: 40)
        #expect(frame(view)[0] == "new 12" && frame(view).count == 40)
    }

    @Test("The last line fits the screen", arguments: [40, 60, 80])
    func narrow(columns: Int) {
        #expect(frame(view(lines: 6000, rows: 10), columns: columns)[9].displayWidth <= columns)
        let plain = view(lines: 60, rows: 10).frame(time: "13:04:22", TerminalStyle(columns: columns, isPlain: true))
        let isASCII = plain[9].utf8.allSatisfy { $0 < 0x80 }
        #expect(isASCII)
    }

    @Test("Keys are read from what terminals send; anything else means nothing")
    func keys() {
        func keys(_ text: String) -> [WatchView.Key] { WatchView.keys(in: Array(text.utf8)) }
        #expect(keys("q") == [.quit] && keys("jk G") == [.down, .up, .pageDown, .bottom])
        #expect(
            keys("\u{1B}[A\u{1B}[B\u{1B}OA\u{1B}[5~\u{1B}[6~\u{1B}[H\u{1B}[F") == [
                .up, .down, .up, .pageUp, .pageDown, .top, .bottom,
            ])
        // A key with Shift, a mouse, a key on its own, text.
        #expect(keys("\u{1B}[1;2q\u{1B}[<0;1;1M\u{1B}") == [] && keys("äxyz\u{0}") == [])
    }
}
