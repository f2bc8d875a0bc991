import Sync
import TestSupport
import Testing

@Suite("Deadlines of requests")
struct TransferDeadlineTests {
    @Test("The limit grows with the size")
    func limit() {
        let deadline = TransferDeadline(base: .seconds(10), bytesPerSecond: 1000)
        #expect(deadline.limit(bytes: 0) == .seconds(10))
        #expect(deadline.limit(bytes: 5500) == .milliseconds(15_500))
        #expect(TransferDeadline.standard.limit(bytes: 10_000_000) < .seconds(1000))
    }

    @Test("Work that does not end is cancelled at its limit, and not before")
    func exceeded() async throws {
        let clock = SteppedClock()
        let deadline = TransferDeadline(base: .seconds(10), bytesPerSecond: 1000)
        let task = Task {
            try await deadline.run(bytes: 2000, clock: clock) { try await Task.sleep(for: .seconds(3600)) }
        }
        await clock.waitForSleeper()
        clock.advance(by: .seconds(11))
        await clock.waitForSleeper()
        clock.advance(by: .seconds(1))
        let error = await #expect(throws: TransferDeadline.Exceeded.self) { try await task.value }
        #expect(error?.limit == .seconds(12))
    }

    @Test("Work that ends in time gives its result or its error")
    func inTime() async throws {
        let deadline = TransferDeadline(base: .seconds(3600), bytesPerSecond: 1)
        #expect(try await deadline.run(bytes: 0) { 7 } == 7)
        await #expect(throws: CancellationError.self) { try await deadline.run(bytes: 0) { throw CancellationError() } }
    }
}
