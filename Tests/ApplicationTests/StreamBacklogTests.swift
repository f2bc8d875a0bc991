import Core
import Testing

@testable import Application

/// When a stream is paused as its drain is too far behind.
struct StreamBacklogTests {
    private let backlog = StreamBacklog()
    private let tooMany = Limits.streamBacklogEvents + 10

    /// Starts a stream that is too far ahead, waits until it is paused, and returns once `act` has let it go on.
    private func pause(until act: (StreamBacklog) async -> Void) async {
        let accepted = tooMany
        async let stream: Void = backlog.keepUp(with: accepted)
        while await !backlog.isWaiting { await Task.yield() }
        await act(backlog)
        await stream
    }

    @Test("A stream waits beyond the limit of its backlog until enough is stored")
    func waitsForStored() async {
        await pause { await $0.stored(tooMany) }
    }

    @Test("A stream continues within the limit of its backlog")
    func goesOn() async {
        await backlog.keepUp(with: Limits.streamBacklogEvents)
        #expect(await !backlog.isWaiting)
    }

    @Test("A stream continues once another process has the writer lock")
    func released() async {
        await pause { await $0.released() }
        await backlog.keepUp(with: tooMany * 2)
        #expect(await !backlog.isWaiting)
    }

    @Test("A stream waits again once its drain stores again")
    func storesAgain() async {
        await backlog.released()
        await backlog.stored(1)
        await pause { await $0.end() }
    }

    @Test("A stream continues without pending events, whichever process stored them")
    func storedByOthers() async {
        await pause { await $0.foundNothing(since: 0, isBlocked: false) }
    }

    @Test("A stream continues while pending events cannot be stored, and after the drain has ended")
    func blockedAndEnded() async {
        await pause { await $0.foundNothing(since: 0, isBlocked: true) }
        await backlog.end()
        await backlog.keepUp(with: tooMany * 3)
        #expect(await !backlog.isWaiting)
    }
}
