import Core
import TestSupport
import Testing

@Suite("State of a session")
struct SessionStateTests {
    private struct Observation {
        var type: EventType?
        var success: Bool?
        var time: Int64
        var durationMS: Int64?
        var end: Int64 { time + (durationMS ?? 0) }
    }

    private static func state(after observations: [Observation]) -> SessionState {
        var state = SessionState()
        for observation in observations {
            state.observe(
                observation.type, success: observation.success, at: observation.time, durationMS: observation.durationMS
            )
        }
        return state
    }

    @Test("The state equals a recount in every order", arguments: 0..<40 as Range<UInt64>)
    func everyOrder(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        // Few moments, so that several events fall on the first and on the last.
        let observations = (0..<Int.random(in: 1...60, using: &generator)).map { _ in
            Observation(
                type: (EventType.allCases + [nil]).randomElement(using: &generator) ?? nil,
                success: [true, false, nil].randomElement(using: &generator) ?? nil,
                time: Int64.random(in: 1000...1010, using: &generator),
                durationMS: [nil, 0, 3, 5].randomElement(using: &generator) ?? nil)
        }
        let last = observations.map(\.end).max() ?? 0
        let expected = SessionState(
            startedAt: observations.map(\.time).min() ?? 0, lastEventAt: last,
            isEnded: observations.contains { $0.end == last && $0.type == .sessionEnded },
            commandsExecuted: observations.count { $0.type?.isCommand == true },
            workspacesCreated: observations.count { $0.type == .workspaceCreated },
            tasksCompleted: observations.count { $0.type == .taskCompleted },
            errorsEncountered: observations.count { $0.success == false })

        for _ in 0..<30 {
            let order = observations.shuffled(using: &generator)
            #expect(Self.state(after: order) == expected)

            // Taken apart and put together again it is the same.
            let cut = Int.random(in: 0...order.count, using: &generator)
            var parts = Self.state(after: Array(order[..<cut]))
            parts.add(Self.state(after: Array(order[cut...])))
            #expect(parts == expected)
        }
    }

    @Test("All orders of four events give one state")
    func allPermutations() {
        let observations = [
            Observation(type: .sessionStarted, time: 1), Observation(type: .command, success: false, time: 2),
            Observation(type: .sessionEnded, time: 3), Observation(type: .command, success: true, time: 3),
        ]
        func permutations(_ rest: [Observation]) -> [[Observation]] {
            guard !rest.isEmpty else { return [[]] }
            return rest.indices.flatMap { index in
                var others = rest
                let first = others.remove(at: index)
                return permutations(others).map { [first] + $0 }
            }
        }

        let states = permutations(observations).map(Self.state)

        #expect(states.count == 24)
        #expect(states.allSatisfy { $0 == states[0] })
        #expect(states[0].isEnded)
        #expect(states[0].durationMS == 2)
    }

    @Test("A later event opens an ended session again; an earlier one does not")
    func reopening() {
        var state = Self.state(after: [Observation(type: .sessionEnded, time: 100)])
        #expect(state.isEnded)
        #expect(state.isOver(at: 100))

        state.observe(.command, success: nil, at: 99)
        #expect(state.isEnded)
        #expect(state.startedAt == 99)

        state.observe(.command, success: nil, at: 101)
        #expect(!state.isEnded)
        #expect(!state.isOver(at: 101))
        #expect(state.lastEventAt == 101)
    }

    @Test("A session is over after half an hour without events, not a millisecond sooner")
    func idle() {
        let state = Self.state(after: [Observation(type: .command, time: 5000)])
        #expect(!state.isOver(at: 5000 + Limits.sessionIdleMilliseconds - 1))
        #expect(state.isOver(at: 5000 + Limits.sessionIdleMilliseconds))
        #expect(!state.isOver(at: 0))
    }
}
