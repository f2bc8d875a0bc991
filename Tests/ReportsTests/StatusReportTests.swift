import Core
import Database
import Reports
import SystemSupport
import TestSupport
import Testing

struct StatusReportTests {
    @Test("The counters show pending and rejected events with reasons before anything is stored")
    func pending() throws {
        let folder = try TemporaryFolder()
        var filler = BufferFiller(folder.data)
        try filler.append([#"{"command":"make all -j"}"#, "{", #"{"success":1}"#, #"{"command":"ls","x":1}"#])
        let eventCounters = try EventCounters(pendingIn: folder.data)
        let report = StatusReport(recording: .on, folder: "/data", bytes: 2048, eventCounters: eventCounters)
        #expect(
            report.text == """
                Recording:  on
                Data:       /data (2.0 KiB)
                Kept:       forever
                Events:     0 in 0 sessions
                Received:   4
                Accepted:   2
                Rejected:   2
                              1 not_json
                              1 wrong_type
                Stored:     0
                Pending:    2 (in the buffer; 'nexus flush' stores them)
                Dropped:    1 field (unknown, or a name that no key could hash)
                Truncated:  1 command (arguments left out)
                Sent:       never
                0 lost: received = accepted + rejected, accepted = stored + pending.

                """)
    }

    @Test("Text from outside cannot move the cursor")
    func hostileText() {
        let report = StatusReport(
            recording: .off(reason: "x\u{1B}[2J"), folder: "/tmp/\u{202E}evil\n", bytes: 0,
            eventCounters: EventCounters())
        #expect(report.text.contains("off (x\\u{1b}[2J)"))
        #expect(report.text.contains(#"/tmp/\u{202e}evil\u{a}"#))
    }
}
