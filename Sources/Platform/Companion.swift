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
}
