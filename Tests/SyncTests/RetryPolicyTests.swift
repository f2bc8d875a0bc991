import Core
import Sync
import TestSupport
import Testing

@Suite("Trying a transfer again")
struct RetryPolicyTests {
    private static let busy = SyncError.busy("there", reason: "HTTP 503")

    /// The waits of a run in which everything fails.
    private func waits(_ failure: RetryPolicy.Failure, seed: UInt64 = 1) -> [Duration] {
        var policy = RetryPolicy()
        var random = SeededGenerator(seed: seed)
        var waits: [Duration] = []
        while case .wait(let duration) = policy.decide(after: failure, using: &random) { waits.append(duration) }
        return waits
    }

    @Test("The waits double at most, with jitter, and end", arguments: 0..<200 as Range<UInt64>)
    func backsOff(seed: UInt64) {
        let waits = waits(.passing(Self.busy), seed: seed)
        #expect(waits.count == Limits.syncAttempts - 1)
        var longest = Limits.syncFirstDelay
        for wait in waits {
            #expect(wait >= .zero && wait <= longest)
            longest = min(longest * 2, Limits.syncLongestDelay)
        }
    }

    @Test("Two machines that fail together do not retry together")
    func jitters() {
        #expect(waits(.passing(Self.busy), seed: 1) != waits(.passing(Self.busy), seed: 2))
    }

    @Test("A permanent failure is not retried")
    func lasting() {
        #expect(waits(.lasting(Self.busy)).isEmpty)
    }

    @Test("The wait is as long as a server asks, up to a limit")
    func retryAfter() {
        for wait in waits(.passing(Self.busy, requestedDelay: .seconds(7))) {
            #expect(wait >= .seconds(7) && wait < .seconds(8))
        }
        #expect(waits(.passing(Self.busy, requestedDelay: .seconds(60))).count == Limits.syncAttempts - 1)
        #expect(waits(.passing(Self.busy, requestedDelay: .seconds(61))).isEmpty)
    }
}
