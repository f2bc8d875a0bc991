private import Glibc

/// A bounded queue between two threads. `put` blocks while the queue is full, and `take` blocks while it is empty.
///
/// The queue is for code that runs inside a SQLite transaction. Such code must not use `await`, so it blocks its thread
/// instead. The producer and the consumer each run on their own executor.
///
/// `@unchecked Sendable`: `elements` and `state` are read and written only between `pthread_mutex_lock` and
/// `pthread_mutex_unlock` of `mutex`; `mutex` and `condition` are allocated once and freed with the last reference.
@safe package final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
    private enum State {
        case open
        /// The producer has ended, with the error that stopped it; nil if it has put every element.
        case ended((any Error)?)
        /// The consumer takes no more elements.
        case abandoned
    }

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let capacity: Int
    private var elements: [Element] = []
    private var state = State.open

    /// - Parameter capacity: the maximum number of waiting elements, at least 1.
    package init(capacity: Int) {
        self.capacity = capacity
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Waits for space in the queue and adds an element.
    /// - Returns: true if the element was added; false if the consumer has abandoned the queue.
    package func put(_ element: Element) -> Bool {
        locked {
            while case .open = state, elements.count >= capacity { unsafe pthread_cond_wait(condition, mutex) }
            guard case .open = state else { return false }
            elements.append(element)
            return true
        }
    }

    /// Waits for the next element and returns it; nil after the last element.
    /// - Throws: the error that the producer passed to `end`, immediately, even if elements are still waiting.
    package func take() throws -> Element? {
        try locked {
            while true {
                if case .ended(let error?) = state { throw error }
                if !elements.isEmpty { return elements.removeFirst() }
                guard case .open = state else { return nil }
                unsafe pthread_cond_wait(condition, mutex)
            }
        }
    }

    /// Notes that the producer puts no more elements. `error` is the error that stopped the producer; nil if it has put
    /// every element.
    package func end(_ error: (any Error)? = nil) {
        locked { if case .open = state { state = .ended(error) } }
    }

    /// Notes that the consumer takes no more elements.
    package func abandon() {
        locked { state = .abandoned }
    }

    private func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer {
            unsafe pthread_mutex_unlock(mutex)
            unsafe pthread_cond_broadcast(condition)
        }
        return try body()
    }
}
