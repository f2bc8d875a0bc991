import Core
import Testing

@Suite("Well-known event types")
struct EventTypeTests {
    @Test("Each is known by its name", arguments: EventType.allCases)
    func known(type: EventType) {
        #expect(EventType(type.rawValue.utf8.span) == type)
    }

    @Test("A name that differs in one character is not known", arguments: EventType.allCases)
    func nearMisses(type: EventType) {
        let name = Array(type.rawValue.utf8)
        for index in name.indices {
            var changed = name
            changed[index] ^= 0x20
            #expect(EventType(changed.span) == nil)
        }
        #expect(EventType(Array(name.dropLast()).span) == nil)
        #expect(EventType((name + [0]).span) == nil)
    }

    @Test("Other names are no well-known type", arguments: ["", "x", "build", "COMMAND", "sessions_started"])
    func other(name: String) {
        #expect(EventType(name.utf8.span) == nil)
    }
}
