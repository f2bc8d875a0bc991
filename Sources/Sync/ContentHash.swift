import Crypto
import Platform
import Synchronization

/// The SHA-256 of a content that comes in pieces, taken on a second thread while the caller goes on with the next piece.
final class ContentHash {
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
        companion.begin { [hash] in hash.state.withLock { $0.update(data: piece[..<count]) } }
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
