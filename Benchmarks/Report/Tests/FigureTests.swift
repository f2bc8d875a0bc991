import Testing

@testable import BenchmarkReport

@Suite("Figures of rounds")
struct FigureTests {
    @Test("The figure of rounds is the middle one, or what lies between the middle two")
    func median() throws {
        #expect(try #require(Figure(rounds: [3, 1, 2])).median == 2)
        #expect(try #require(Figure(rounds: [4, 1, 2, 3])).median == 2.5)
        #expect(Figure(rounds: []) == nil)
    }

    @Test("A ratio is computed round by round, so that a slow machine does not widen it")
    func ratioOfPairs() throws {
        var formula = Formula()
        formula.of = "a"
        formula.over = "b"
        let rounds = try formula.rounds(in: ["a": [1, 10, 2], "b": [2, 20, 4]])
        #expect(rounds == [0.5, 0.5, 0.5])
    }

    @Test("Only rounds that both have count")
    func unequalRounds() throws {
        var formula = Formula()
        formula.of = "a"
        formula.over = "b"
        #expect(try formula.rounds(in: ["a": [1, 2, 3], "b": [1]]) == [1])
    }

    @Test("A rate is what was done for each unit of what it took")
    func rate() throws {
        var formula = Formula()
        formula.of = "seconds"
        formula.rate = 100
        #expect(try formula.rounds(in: ["seconds": [2, 4]]) == [50, 25])
    }

    @Test("A missing measurement is an error, not zero")
    func nothingMeasured() {
        #expect(throws: ReportError.self) { try Formula().rounds(in: ["a": [1]]) }
    }
}
