import TestSupport
import Testing

@testable import Pipeline

struct RingBufferTests {
    @Test("It holds what a plain queue holds, whatever is added and removed", arguments: 1...10)
    func model(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var ring = RingBuffer<Int>(capacity: Int.random(in: 1...9, using: &random))
        var model: [Int] = []
        for step in 0..<500 {
            if Bool.random(using: &random), !ring.isFull {
                ring.append(step)
                model.append(step)
            } else {
                let number = Int.random(in: 0...model.count, using: &random)
                ring.removeFirst(number)
                model.removeFirst(number)
            }
            #expect((0..<ring.count).map { ring[$0] } == model)
            #expect(ring.isEmpty == model.isEmpty)
        }
    }
}
