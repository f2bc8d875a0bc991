/// A queue of fixed room: elements leave in the order in which they came, and nothing is allocated once it is made.
struct RingBuffer<Element> {
    private var slots: [Element?]
    private var head = 0
    /// How many elements there are.
    private(set) var count = 0

    init(capacity: Int) {
        precondition(capacity > 0)
        slots = Array(repeating: nil, count: capacity)
    }

    var isEmpty: Bool { count == 0 }
    var isFull: Bool { count == slots.count }

    /// The `index`-th oldest element.
    subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count)
            guard let element = slots[(head + index) % slots.count] else {
                preconditionFailure("an empty slot is counted")
            }
            return element
        }
        set {
            precondition(index >= 0 && index < count)
            slots[(head + index) % slots.count] = newValue
        }
    }

    /// Adds an element behind the others; there must be room.
    mutating func append(_ element: Element) {
        precondition(!isFull)
        slots[(head + count) % slots.count] = element
        count += 1
    }

    /// Removes the `number` oldest elements.
    mutating func removeFirst(_ number: Int) {
        precondition(number <= count)
        for _ in 0..<number {
            slots[head] = nil
            head = (head + 1) % slots.count
        }
        count -= number
    }
}
