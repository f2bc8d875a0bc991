import Testing

@testable import WriteAheadBuffer

@Suite("Age of the oldest append without fsync")
struct FlushLatencyTests {
    private let start = ContinuousClock.now

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start.advanced(by: .milliseconds(milliseconds)) }

    @Test("Nothing waits before the first append, nor after an fsync of all")
    func nothing() {
        var lag = FlushLatency()
        #expect(lag.age(at: at(5)) == .zero)
        lag.noteAppended(at: at(10))
        lag.begin()
        lag.end()
        #expect(lag.age(at: at(90)) == .zero)
    }

    @Test("The oldest append counts, whatever is appended later")
    func oldest() {
        var lag = FlushLatency()
        lag.noteAppended(at: at(10))
        lag.noteAppended(at: at(25))
        #expect(lag.age(at: at(30)) == .milliseconds(20))
    }

    @Test("Appends wait during the fsync that covers them, and later ones wait after it")
    func call() {
        var lag = FlushLatency()
        lag.noteAppended(at: at(10))
        lag.begin()
        lag.noteAppended(at: at(40))
        #expect(lag.age(at: at(60)) == .milliseconds(50))
        lag.end()
        #expect(lag.age(at: at(60)) == .milliseconds(20))
    }

    @Test("A call for nothing new leaves nothing waiting")
    func empty() {
        var lag = FlushLatency()
        lag.begin()
        #expect(lag.age(at: at(60)) == .zero)
        lag.end()
        #expect(lag.age(at: at(60)) == .zero)
    }
}
