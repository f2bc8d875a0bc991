import Core
import Intake
import Testing

@testable import NexusTelemetry

struct PendingEventsTests {
    @Test("The first event schedules the worker, the one that fills half of the buffer wakes it, and others do neither")
    func signals() {
        var pending = PendingEvents(capacity: 64 * 1024)
        var signals: [PendingEvents.Signal] = []
        while true {
            let (outcome, signal) = pending.add(TelemetryFixture.event(signals.count), at: 0)
            guard outcome == .recorded else { break }
            signals.append(signal)
        }
        #expect(signals.first == .soon)
        #expect(signals.filter { $0 == .soon }.count == 1 && signals.filter { $0 == .now }.count == 1)
        let half = signals.firstIndex(of: .now) ?? 0
        #expect(abs(half - signals.count / 2) <= 1)
        #expect(pending.counters.recorded == signals.count)
    }

    @Test("A swap returns all events once, and frees the capacity")
    func take() {
        var pending = PendingEvents(capacity: 0)
        var half = [UInt8](repeating: 0, count: pending.capacity)
        let length = PackedEvent.length(of: TelemetryFixture.event(1))
        _ = pending.add(TelemetryFixture.event(1), at: 5)
        _ = pending.add(TelemetryFixture.event(2), at: 6)
        pending.countDrop()
        #expect(pending.take(exchanging: &half) == PendingEvents.Taken(used: 2 * length, drops: 1))
        var parsed = ParsedEvent()
        let next = PackedEvent.read(half.span, at: 0, into: &parsed)
        #expect(next == length)
        #expect(pending.take(exchanging: &half) == PendingEvents.Taken(used: 0, drops: 0))
        #expect(pending.add(TelemetryFixture.event(3), at: 7).signal == .soon)
    }

    @Test("The longest possible event fits into the smallest buffer")
    func longest() {
        let text = String(repeating: "x", count: 10_000)
        var event = TelemetryEvent.command(text, errorCategory: text, workspace: text, task: text)
        (event.type, event.template, event.session) = (text, text, text)
        event.shellLine = ShellLineRun(text)
        var pending = PendingEvents(capacity: 0)
        #expect(PackedEvent.length(of: event) <= PackedEvent.longest)
        let outcome = pending.add(event, at: 0).outcome
        #expect(outcome == .recorded)
        let second = pending.add(event, at: 0).outcome
        #expect(second == .dropped)
    }

    @Test("A closed buffer refuses and counts events")
    func closed() {
        var pending = PendingEvents(capacity: 0)
        pending.close()
        let outcome = pending.add(TelemetryEvent(type: "x"), at: 0).outcome
        #expect(outcome == .refused && pending.counters.refused == 1 && pending.counters.recorded == 0)
    }
}
