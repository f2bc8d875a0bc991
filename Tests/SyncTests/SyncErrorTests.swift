import Core
import SystemSupport
import Testing

@testable import Sync

@Suite("Errors of sending")
struct SyncErrorTests {
    /// Each error, its exit code, and its sentence or the end of it.
    private static let sentences: [(SyncError, ExitCode, String)] = [
        (.badDestination("no URL"), .usage, "cannot use the destination: no URL"),
        (.badNames("line 3 is 'x'"), .usage, "cannot use the list of allowed names: line 3 is 'x'"),
        (.badCredentials("too long"), .settings, "cannot use the credentials: too long"),
        (
            .unknownName("a\u{1B}"), .usage,
            #"unknown destination 'a\u{1b}': 'nexus sync list' lists destinations, "#
                + "'nexus sync add' adds one"
        ),
        (
            .damagedLedger(path: "/l", .altered(line: 3)), .inputOutput,
            "run again with '--new-ledger': events are then sent again, without duplicates"
        ),
        (.alreadySending, .tryAgain, "another 'nexus sync' is running: wait for it, or try again later"),
        (.badProxy("http_proxy", reason: "no URL"), .settings, "cannot use the proxy in http_proxy: no URL"),
        (.badCertificates("/c", reason: "none"), .settings, "cannot use SSL_CERT_FILE /c: none"),
        (.untrusted("there", reason: "why"), .settings, "nothing was sent to there: why"),
        (.proxyNotPermitted("p:1"), .notPermitted, "set http_proxy or https_proxy to http://USER:PASSWORD@HOST:PORT"),
        (.unreachable("there", reason: "unknown host x"), .unavailable, "cannot reach there: unknown host x"),
        (
            .busy("there", reason: "HTTP 503"), .tryAgain,
            "there is busy: HTTP 503; try again later, "
                + "confirmed events are not sent again"
        ),
        (
            .notPermitted("there", reason: "HTTP 401"), .notPermitted,
            "check NEXUS_SYNC_USER and NEXUS_SYNC_PASSWORD"
        ),
        (.refused("there", reason: "a\nb"), .settings, #"there refuses: a\u{a}b"#),
        (.notClickHouse("there", answer: "HTTP 200"), .settings, "check the host and the port"),
        (
            .unexpectedAnswer("there", answer: "HTTP 202"), .settings,
            "the ledger records no confirmation; check the server and run again"
        ),
        (
            .occupied("there/f"), .inputOutput,
            "cannot write there/f: another file has this name; move it away and run again"
        ),
        (.inputOutput(.notAFile("/f")), ExitCode(SystemError.notAFile("/f")), SystemError.notAFile("/f").description),
        (
            .badAggregateSettings(path: "/a", reason: "it is not a JSON object"), .settings,
            "cannot use /a: it is not a JSON object; put a backup in its place, or move it away and run 'nexus sync add' "
                + "for each destination again"
        ),
        (.copiedFolder(name: "c"), .settings, "with --renew if the other folder is still in use, else with --keep"),
        (
            .noAggregates("there"), .settings,
            "send some with 'nexus sync add NAME there --aggregates' and 'nexus sync --to NAME'"
        ),
        (.newerTables("there"), .settings, "a newer Nexus has changed them; update Nexus"),
        (.unknownInstallation("0a0b", isAmbiguous: true), .rejectedInput, "begin with it; give more digits"),
        (
            .unknownInstallation("0a0b", isAmbiguous: false), .rejectedInput,
            "no id on the server begins with it; 'nexus stats --by installation' lists the ids"
        ),
        (
            .unreadableAnswer("there", answer: "<a\u{1B}>"), .settings,
            #"'<a\u{1b}>'; check the server and its tables nexus_daily and nexus_daily_versions"#
        ),
        (.notReady, .tryAgain, "cannot send events: an older Nexus wrote the database; run 'nexus flush'"),
    ]

    @Test("Each error states the failure and the fix, and has an exit code", arguments: sentences)
    func sentence(error: SyncError, code: ExitCode, text: String) {
        #expect(error.exitCode == code)
        #expect(error.description.hasSuffix(text), "\(error.description)")
    }

    private func transfer(_ range: ClosedRange<Int64>, to destination: String) -> Transfer {
        Transfer(
            destination: destination, store: "s", installation: "i", range: range, rows: range.count, bytes: 1,
            sha256: "")
    }

    @Test("The list of transfers has each once, confirmed or not, in the order of their ends")
    func log() {
        var log = TransferLog()
        let entries: [(LedgerEntry.Event, Transfer, Int64)] = [
            (.intent, transfer(1...5, to: "a"), 1), (.intent, transfer(1...9, to: "b"), 2),
            (.sent, transfer(1...5, to: "a"), 3), (.intent, transfer(6...9, to: "a"), 4),
            (.intent, transfer(6...9, to: "a"), 5),
        ]
        for (event, transfer, time) in entries { log.observe(LedgerEntry(event, transfer, at: time)) }
        let items = log.finished()
        #expect(items.map(\.transfer.range) == [1...5, 6...9, 1...9, 6...9])
        #expect(items.map(\.isConfirmed) == [true, false, false, false])
        #expect(items.map(\.transfer.destination) == ["a", "a", "b", "a"])
    }
}
