import Crypto
import Platform
import Synchronization

/// The SHA-256 of a content that comes in pieces, taken on a second thread while the caller goes on with the next piece.
final class ContentHash {
    /// After so many bytes, some ten microseconds, whoever waits for the processor is let in.
    private static let bytesBetweenLooks = 16 * 1024

    private let companion = Companion()
    private let hash = Hash()
    /// Whether a piece was begun that was not waited for.
    private var isBusy = false

    deinit { wait() }

    /// What both threads refer to.
    private final class Hash: Sendable {
        let state = Mutex(SHA256())
    }

    /// Adds the first `count` bytes of `piece`; returns once the piece before is done with.
    func add(_ piece: [UInt8], count: Int) {
        wait()
        isBusy = true
        companion.begin { [hash] in
            for start in stride(from: 0, to: count, by: Self.bytesBetweenLooks) {
                hash.state.withLock { $0.update(data: piece[start..<min(start + Self.bytesBetweenLooks, count)]) }
                ThisProcess.letOthersIn()
            }
        }
    }

    /// The hash of all that was added, in hexadecimal.
    func finish() -> String {
        wait()
        return hash.state.withLock { $0.finalize() }.hexadecimal
    }

    private func wait() {
        if isBusy { companion.wait() }
        isBusy = false
    }
}
