/// A second thread for work that is done beside that of a thread which blocks and may not wait for another actor, inside a
/// transaction for example.
///
/// One piece of work at a time: whoever begins one waits for its end before anything that it works on is used again. The
/// thread is there from the first piece on.
package final class Companion: Sendable {
    private let work = HandOff<@Sendable () -> Void>(room: 1)
    private let ends = HandOff<Void>(room: 1)

    package init() {
        startThread { [work, ends] in
            // Putting ends it: nothing is thrown then.
            while let piece = try? work.take() {
                piece()
                guard ends.put(()) else { return }
            }
        }
    }

    deinit { work.end() }

    /// Has a piece of work done. Call `wait` before the next.
    package func begin(_ piece: @escaping @Sendable () -> Void) {
        _ = work.put(piece)
    }

    /// Returns once what was begun is done.
    package func wait() {
        _ = try? ends.take()
    }

    /// Has `piece` done while `work` is done on this thread; returns what it returned once both are done, also where `work`
    /// throws.
    package func run<Result: Sendable>(
        _ piece: @escaping @Sendable () -> Result, beside work: () throws -> Void
    ) throws -> Result {
        let result = HandOff<Result>(room: 1)
        begin { _ = result.put(piece()) }
        defer { wait() }
        try work()
        guard let result = try result.take() else { preconditionFailure("the piece puts its result") }
        return result
    }
}
