import Core
import Intake
import TestSupport
import Testing

@Suite("The fields of an event")
struct FieldTests {
    @Test("A full line is accepted whole")
    func fullLine() throws {
        var harness = IntakeHarness()
        let hash = String(repeating: "0a", count: 16)
        let event = try #require(
            try harness.accept(
                """
                {"timestamp":"2026-11-23T09:30:00.5+01:00","session_id":"s-1","event_type":"task_completed",\
                "workspace_hash":"\(hash)","task_hash":"\(hash)","command":"docker compose up","duration_ms":1500,\
                "success":true,"error_category":"timeout","template_used":"web-app","services_count":3,"ports_used":2}
                """))
        #expect(event.timestamp == 1_795_422_600_500)
        #expect(event.session == "s-1")
        #expect(event.type == "task_completed")
        #expect(event.workspaceHash == hash && event.taskHash == hash)
        #expect(event.command == "docker compose up")
        #expect(event.durationMS == 1500 && event.success == true)
        #expect(event.errorCategory == "timeout" && event.template == "web-app")
        #expect(event.servicesCount == 3 && event.portsUsed == 2)
        #expect(harness.intake.takeRejections() == nil)
    }

    @Test("The order of keys changes nothing")
    func order() throws {
        let members = [
            #""timestamp":1795422600250"#, #""event_type":"build""#, #""task":"t""#, #""success":false"#,
            #""ports_used":1"#, #""session_id":"s""#, #""command":"make all""#,
        ]
        var harness = IntakeHarness()
        let expected = try harness.accept("{" + members.joined(separator: ",") + "}")
        for shift in members.indices {
            let rotated = members[shift...] + members[..<shift]
            #expect(try harness.accept("{" + rotated.joined(separator: ",") + "}") == expected)
            #expect(try harness.accept("{" + rotated.reversed().joined(separator: ",") + "}") == expected)
        }
    }

    @Test("Every field may be null, and is then absent", arguments: EventField.allCases)
    func null(field: EventField) throws {
        var harness = IntakeHarness()
        let base = field == .command ? #""event_type":"command""# : #""command":"build""#
        let without = try harness.accept("{\(base)}")
        #expect(try harness.accept("{\(base),\"\(field.key)\": null }") == without)
        #expect(harness.rejection(of: "{\(base),\"\(field.key)\":null,\"\(field.key)\":null}")?.reason == .duplicateKey)
    }

    @Test("An empty text is absent, as scripts pass empty variables", arguments: EventField.allCases)
    func empty(field: EventField) throws {
        var harness = IntakeHarness()
        let line = "{\"x\":1,\"\(field.key)\":\"\",\"\(field == .command ? "event_type" : "command")\":\"command\"}"
        switch field {
        case .durationMS, .success, .servicesCount, .portsUsed:
            #expect(harness.rejection(of: line) == Rejection(.wrongType, field: field))
        default:
            let event = try #require(try harness.accept(line))
            #expect(event.type == "command" && event.workspaceHash.isEmpty && event.taskHash.isEmpty)
            #expect(event.timestamp == IntakeHarness.now && event.session == IntakeHarness.session)
        }
    }

    @Test("A duplicate key rejects the line", arguments: EventField.allCases)
    func duplicate(field: EventField) {
        var harness = IntakeHarness()
        let value =
            [.durationMS, .servicesCount, .portsUsed].contains(field) ? "1" : field == .success ? "true" : "\"\""
        let escaped = field.key.utf8.map { "\\u00" + String($0, radix: 16) }.joined()
        let half = "\\u00" + String(field.key.utf8.first ?? 0, radix: 16) + field.key.dropFirst()
        for second in [field.key, escaped, half] {
            let line = "{\"\(field.key)\":\(value),\"y\":\"\",\"\(second)\":\(value)}"
            #expect(harness.rejection(of: line) == Rejection(.duplicateKey, field: field), "\(line)")
        }
    }

    @Test("A key written with escapes is the same key", arguments: EventField.allCases)
    func escapedKey(field: EventField) throws {
        var harness = IntakeHarness(strict: true)
        let value =
            [.timestamp, .durationMS, .servicesCount, .portsUsed].contains(field)
            ? "1795422600" : field == .success ? "\"no\"" : "17"
        let plain = harness.rejection(of: "{\"\(field.key)\":\(value)}")
        let key = field.key.replacing("e", with: "\\u0065").replacing("s", with: "\\u0073")
            .replacing("o", with: "\\u006F")
        let escaped = harness.rejection(of: "{\"\(key)\":\(value)}")
        #expect(plain?.reason != .unknownKey)
        #expect(escaped == plain)
    }

    @Test("Escapes in values mean their characters")
    func escapedValues() throws {
        var harness = IntakeHarness()
        let plain = try harness.accept(#"{"command":"docker compose","session_id":"s.1","task":"Grüße 😀/\"x\""}"#)
        let escaped = try harness.accept(
            #"{"command":"d\u006fcker\u0020compose","session_id":"s\u002E1","task":"Gr\u00fc\u00DFe \ud83d\ude00\/\"x\""}"#
        )
        #expect(escaped == plain)
    }

    @Test("A key with a typing error is unknown", arguments: EventField.allCases)
    func nearMisses(field: EventField) {
        var harness = IntakeHarness(strict: true)
        let key = field.key
        for other in [key + "s", String(key.dropLast()), key.uppercased(), " " + key, "", "x" + key.dropFirst()] {
            #expect(harness.rejection(of: "{\"\(other)\":null}")?.reason == .unknownKey, "\(other)")
        }
    }

    @Test(
        "A value of the wrong type rejects the line",
        arguments: ["[]", "{}", "[1,[2]]", "true", "false", "1", "1.5", "\"text\""])
    func wrongType(value: String) {
        var harness = IntakeHarness()
        for field in EventField.allCases {
            let isText = value.hasPrefix("\"")
            let reason = harness.rejection(of: "{\"\(field.key)\":\(value)}")?.reason
            switch field {
            case .success where value == "true" || value == "false": #expect(reason == .missingType)
            case .durationMS where value.hasPrefix("1"), .servicesCount where value == "1",
                .portsUsed where value == "1":
                #expect(reason == .missingType)
            case .timestamp where value == "1" || isText: #expect(reason == .missingType)
            case .success, .durationMS, .servicesCount, .portsUsed, .timestamp: #expect(reason == .wrongType)
            case _ where isText: #expect(reason != .wrongType)
            default: #expect(reason == .wrongType, "\(field.key)")
            }
        }
    }

    @Test(
        "A duration with a fraction is rounded",
        arguments: [
            ("1.5", 2), ("12.49", 12), ("0.4", 0), ("-0.4", 0), ("1.2e3", 1200), ("31536000000.0", 31_536_000_000),
        ])
    func fractionalDuration(text: String, milliseconds: Int64) throws {
        var harness = IntakeHarness()
        #expect(try harness.accept("{\"command\":\"a\",\"duration_ms\":\(text)}")?.durationMS == milliseconds)
        #expect(Int64(roundingMilliseconds: text) == milliseconds)
    }

    @Test("A fraction of any other number, and a duration beyond its limits, is refused")
    func fractions() {
        var harness = IntakeHarness()
        for field in [EventField.servicesCount, .portsUsed, .timestamp] {
            #expect(
                harness.rejection(of: "{\"command\":\"a\",\"\(field.key)\":2.5}") == Rejection(.wrongType, field: field)
            )
        }
        for text in ["1e300", "-1.5", "31536000001.0"] {
            #expect(
                harness.rejection(of: "{\"command\":\"a\",\"duration_ms\":\(text)}")
                    == Rejection(.outOfRange, field: .durationMS))
        }
    }

    @Test("A timestamp that can only be seconds is refused with a message about seconds")
    func seconds() {
        var harness = IntakeHarness()
        for (text, reason) in [
            ("946684800", Rejection.Reason.timestampInSeconds), ("1795422600", .timestampInSeconds),
            ("253402300799", .timestampInSeconds), ("946684799", .invalidTimestamp),
            ("253402300800", .invalidTimestamp),
            ("1", .invalidTimestamp),
        ] {
            #expect(
                harness.rejection(of: "{\"command\":\"a\",\"timestamp\":\(text)}")
                    == Rejection(reason, field: .timestamp),
                "\(text)")
        }
        #expect(Rejection(.timestampInSeconds, field: .timestamp).message.contains("in seconds"))
    }

    @Test(
        "Whole numbers are accepted within their limits",
        arguments: [
            (EventField.durationMS, Limits.durationMilliseconds), (.servicesCount, Limits.servicesCount),
            (.portsUsed, Limits.portsUsed),
        ])
    func numberLimits(field: EventField, limit: Int64) throws {
        var harness = IntakeHarness()
        func line(_ number: String) -> String { "{\"command\":\"build\",\"\(field.key)\":\(number)}" }
        for number in [0, 1, limit] {
            let event = try #require(try harness.accept(line("\(number)")))
            let values = [event.durationMS, event.servicesCount.map(Int64.init), event.portsUsed.map(Int64.init)]
            #expect(values.compactMap { $0 } == [number])
        }
        #expect(harness.rejection(of: line("-0")) == nil)
        for number in [
            "-1", "\(limit + 1)", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
            "18446744073709551617", String(repeating: "9", count: 100),
        ] {
            #expect(harness.rejection(of: line(number)) == Rejection(.outOfRange, field: field), "\(number)")
        }
        // A duration may have a fraction.
        let rejection = field == .durationMS ? nil : Rejection(.wrongType, field: field)
        for number in ["1.0", "0.5", "1e3", "1E0", "-0.0"] {
            #expect(harness.rejection(of: line(number)) == rejection, "\(number)")
        }
    }

    @Test(
        "A time is milliseconds or RFC 3339, and nothing else",
        arguments: [
            ("946684800000", 946_684_800_000),
            ("1795422600250", 1_795_422_600_250),
            (#""2000-01-01T00:00:00Z""#, 946_684_800_000),
            (#""2026-11-23 08:30:00.25Z""#, 1_795_422_600_250),
        ] as [(String, Int64)])
    func goodTimes(text: String, expected: Int64) throws {
        var harness = IntakeHarness()
        #expect(try harness.accept("{\"command\":\"build\",\"timestamp\":\(text)}")?.timestamp == expected)
    }

    @Test(
        "Microseconds and dates that do not exist are refused",
        arguments: [
            "1795422600250000", "0", "-1", "946684799999", "253402300800000", "99999999999999999999",
            #""1999-12-31T23:59:59.999Z""#, #""9999-12-31T23:59:60Z""#, #""9999-12-31T23:59:59-00:01""#,
            #""1795422600250""#,
            #""2026-02-30T00:00:00Z""#, #""yesterday""#, #""2026-11-23T08:30:00""#, #"" ""#,
        ])
    func badTimes(text: String) {
        var harness = IntakeHarness()
        let line = "{\"command\":\"build\",\"timestamp\":\(text)}"
        #expect(harness.rejection(of: line) == Rejection(.invalidTimestamp, field: .timestamp))
    }

    @Test("A time up to a day ahead of the clock is accepted, and a later one is not")
    func aheadOfTheClock() throws {
        var harness = IntakeHarness()
        let last = IntakeHarness.now + 24 * 3_600_000
        func line(_ time: String) -> String { "{\"command\":\"build\",\"timestamp\":\(time)}" }
        #expect(try harness.accept(line("\(last)"))?.timestamp == last)
        #expect(try harness.accept(line(#""2026-11-24T08:30:00.250Z""#))?.timestamp == last)
        for time in ["\(last + 1)", #""2026-11-24T08:30:00.251Z""#, "253402300799999", #""9999-12-31t23:59:59.9999z""#]
        {
            #expect(harness.rejection(of: line(time)) == Rejection(.futureTimestamp, field: .timestamp), "\(time)")
        }
        let rejections = harness.intake.takeRejections()
        #expect(rejections?[.rejected(.futureTimestamp)] == 4)
    }

    @Test(
        "A clock outside of the years 2000 to 9999 rejects every event, with a time of its own or without",
        arguments: [Int64.min, 0, 300_000, Limits.earliestTimestamp - 1, Limits.latestTimestamp + 1, .max])
    func wrongClock(now: Int64) {
        var intake = EventIntake(key: IntakeHarness.key, session: "s", clock: ManualWallClock(now))
        for line in [#"{"command":"build"}"#, #"{"command":"build","timestamp":1795422600250}"#] {
            #expect(throws: Rejection(.wrongClock)) { try intake.accept(line: Array(line.utf8).span) }
        }
        let rejections = intake.takeRejections()
        #expect(rejections?[.rejected(.wrongClock)] == 2)
    }

    @Test("The time at which a line was received replaces the time of the clock")
    func timeOfReceipt() throws {
        var intake = EventIntake(key: IntakeHarness.key, session: "s", clock: ManualWallClock(300_000))
        let received = IntakeHarness.now
        try intake.accept(line: Array(#"{"command":"build"}"#.utf8).span, receivedAt: received)
        #expect(EventRecord(intake.payload.span)?.timestamp == received)
        let late = "{\"command\":\"build\",\"timestamp\":\(received + 24 * 3_600_000 + 1)}"
        #expect(throws: Rejection(.futureTimestamp, field: .timestamp)) {
            try intake.accept(line: Array(late.utf8).span, receivedAt: received)
        }
    }

    @Test("Rows recorded elsewhere may have any time of the years 2000 to 9999, whatever the clock shows")
    func importedTimes() throws {
        var intake = EventIntake(
            key: IntakeHarness.key, session: "s", acceptsFuture: true, clock: ManualWallClock(300_000))
        for time in [Limits.earliestTimestamp, Limits.latestTimestamp] {
            try intake.accept(line: Array("{\"command\":\"build\",\"timestamp\":\(time)}".utf8).span)
            #expect(EventRecord(intake.payload.span)?.timestamp == time)
        }
    }

    @Test("An event without a type is a command if it has one, else it is rejected")
    func type() throws {
        var harness = IntakeHarness()
        #expect(try harness.accept(#"{"command":"make"}"#)?.type == "command")
        #expect(try harness.accept(#"{"event_type":"deploy"}"#)?.type == "deploy")
        #expect(try harness.accept(#"{"event_type":"deploy","command":"make"}"#)?.type == "deploy")
        #expect(harness.rejection(of: #"{"session_id":"s"}"#) == Rejection(.missingType))
    }
}
