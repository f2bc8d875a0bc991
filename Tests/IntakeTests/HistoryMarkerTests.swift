import Core
import Testing

@testable import Intake

/// The marks of imported entries.
struct HistoryMarkerTests {
    private let marker = HistoryKey.temporary().marker
    private let noon: Int64 = 1_780_000_000 / 86_400 * 86_400 + 43_200

    private func mark(_ line: String, second: Int64? = nil, number: Int = 0) -> Int64 {
        marker.mark(Array(line.utf8), second: second ?? noon, number: number)
    }

    @Test("A mark depends on the line, its second, its number and the key, and not on trailing blanks")
    func differences() {
        let marks = [
            mark("make"), mark("make test"), mark("make", second: noon + 1), mark("make", number: 1),
            HistoryKey.temporary().marker.mark(Array("make".utf8), second: noon, number: 0),
        ]
        #expect(Set(marks).count == marks.count)
        #expect(mark("make  \n") == mark("make"))
    }

    @Test("Marks of an earlier day are lower than all marks of a later day")
    func order() {
        let days = (0..<20).map { day in (0..<50).map { mark("make \($0)", second: noon + day * 86_400) } }
        for (earlier, later) in zip(days, days.dropFirst()) {
            #expect((earlier.max() ?? 0) < (later.min() ?? 0))
        }
        #expect(Set(days.joined()).count == 1000)
    }
}
