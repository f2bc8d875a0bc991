import Testing

@testable import Application

/// The decisions of a drain loop after each attempt to store.
struct DrainStateTests {
    private let start = ContinuousClock.now
    private var state: DrainState

    init() {
        state = DrainState(options: .init(quietTime: .seconds(2), closesWhenQuiet: true), now: start)
    }

    private func after(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test("The drain ends once no event has come for the quiet time")
    mutating func ends() {
        #expect(state.next(after: .stored, at: after(100)) == .retry(at: after(2100)))
        #expect(state.next(after: .empty, at: after(2099)) == .rest, "an attempt is scheduled already")
        #expect(state.next(after: .empty, at: after(2100)) == .end(closing: true))
        #expect(state.isEnded)
        #expect(state.next(after: .empty, at: after(9000)) == .rest)
    }

    @Test("A loop without wake-ups ends its drain too")
    mutating func idle() {
        #expect(state.next(after: .empty, at: start) == .retry(at: after(2000)))
        #expect(state.next(after: .empty, at: after(2000)) == .end(closing: true))
    }

    @Test("Events within the quiet time delay the end")
    mutating func goesOn() {
        _ = state.next(after: .stored, at: after(0))
        #expect(state.next(after: .stored, at: after(1500)) == .rest)
        #expect(state.next(after: .empty, at: after(2000)) == .retry(at: after(3500)))
        #expect(state.next(after: .empty, at: after(3500)) == .end(closing: true))
    }

    @Test(
        "Another writer, and a failure, are retried sooner than quiet is checked",
        arguments: [
            DrainState.Outcome.busy, .failed,
        ])
    mutating func retries(outcome: DrainState.Outcome) {
        _ = state.next(after: .stored, at: after(0))
        #expect(state.next(after: outcome, at: after(10)) == .retry(at: after(510)))
        #expect(state.next(after: outcome, at: after(20)) == .rest, "an attempt is scheduled already")
        #expect(state.next(after: outcome, at: after(510)) == .retry(at: after(1010)))
    }

    @Test("A blocked drain is retried after the quiet time, and does not end")
    mutating func blocked() {
        #expect(state.next(after: .blocked, at: after(0)) == .retry(at: after(2000)))
        #expect(state.next(after: .blocked, at: after(2000)) == .retry(at: after(4000)))
        #expect(!state.isEnded)
    }

    @Test("The loop waits for a wake-up while recording is off")
    mutating func off() {
        #expect(state.next(after: .off, at: after(0)) == .rest)
    }

    @Test("A writer that was opened again has a drain to end")
    mutating func reopened() {
        _ = state.next(after: .empty, at: after(2000))
        #expect(state.isEnded)
        state.opened()
        #expect(state.next(after: .empty, at: after(2001)) == .end(closing: true))
    }
}
