import Testing

@testable import BenchmarkReport

@Suite("Rows and their bars")
struct RowTests {
    private let series = ["a": [2.0, 3.0, 4.0], "b": [1.0, 1.0, 1.0]]

    private func row(_ words: String...) throws -> Row { try RowDefinition(words).row(from: series) }

    @Test("A bar is met at its limit and missed beyond it, by the measured value instead of the rounded one")
    func verdicts() throws {
        #expect(try row("r", "--of", "a", "--at-most", "3").verdict == .met)
        #expect(try row("r", "--of", "a", "--at-most", "2.999").verdict == .missed)
        #expect(try row("r", "--of", "a", "--over", "b", "--at-least", "3").verdict == .met)
        #expect(try row("r", "--of", "a", "--over", "b", "--at-least", "3.001").verdict == .missed)
        #expect(try row("r", "--of", "a").verdict == .none)
    }

    @Test("A skipped row has a reason, and is neither met nor missed")
    func skipped() throws {
        let row = try row("r", "--skipped", "cannot be had", "--at-most", "1")
        #expect(row.verdict == .skipped)
        #expect(row.figure == nil)
        #expect(row.skipped == "cannot be had")
    }

    @Test(
        "A row that is empty or not valid is refused",
        arguments: [["r"], ["r", "--of"], ["r", "--of", "a", "--at-most", "x"], ["r", "--off", "a"], []])
    func refused(words: [String]) {
        #expect(throws: ReportError.self) { try RowDefinition(words) }
    }
}
