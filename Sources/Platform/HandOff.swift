private import Glibc

/// A short queue between two threads that both block: one puts, the other takes, and whoever is ahead waits.
///
/// For work inside a transaction, which may not wait for another actor: what it needs next comes from here.
///
/// `@unchecked Sendable`: `elements` and `state` are read and written only between `pthread_mutex_lock` and
/// `pthread_mutex_unlock` of `mutex`; `mutex` and `condition` are allocated once and freed when nobody refers to the
/// queue any more.
@safe package final class HandOff<Element: Sendable>: @unchecked Sendable {
    private enum State {
        case open
        /// Nothing more will be put; nil: all came.
        case ended((any Error)?)
        /// Nothing more will be taken.
        case abandoned
    }

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let room: Int
    private var elements: [Element] = []
    private var state = State.open

    /// A queue that holds up to `room` elements.
    package init(room: Int) {
        self.room = room
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Adds an element, as soon as there is room; false when nobody will take it.
    package func put(_ element: Element) -> Bool {
        locked {
            while case .open = state, elements.count >= room { unsafe pthread_cond_wait(condition, mutex) }
            guard case .open = state else { return false }
            elements.append(element)
            return true
        }
    }

    /// The next element, as soon as there is one; nil when all have been taken. Throws what ended the putting early, at
    /// once, whatever still waits.
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

    /// Says that nothing more will be put, and why if that is early.
    package func end(_ error: (any Error)? = nil) {
        locked { if case .open = state { state = .ended(error) } }
    }

    /// Says that nothing more will be taken.
    package func abandon() {
        locked { state = .abandoned }
    }

    private func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
        unsafe pthread_mutex_lock(mutex)
        // Who is woken takes the mutex first of all, so it is free by then.
        defer {
            unsafe pthread_mutex_unlock(mutex)
            unsafe pthread_cond_broadcast(condition)
        }
        return try body()
    }
}
