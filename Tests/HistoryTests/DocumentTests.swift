import Core
import Foundation
import SystemSupport
import TestSupport
import Testing

@testable import History

/// The readers of JSON and XML documents.
struct DocumentTests {
    private typealias Read = ReaderTests.Read

    private func read(_ source: HistorySource, _ text: String) throws -> (entries: [Read], skipped: [HistorySkip]) {
        try ReaderTests.read(source, Array(text.utf8))
    }

    // MARK: xonsh

    private static func xonsh(_ commands: String) -> String {
        #"""
        {"locs": [        69,         30,        110,        200],
         "index": {"offsets": {"__total__": 0, "cmds": [9]}, "sizes": {"cmds": [3]}},
         "data": {"cmds": [\#(commands)]
        , "env": {"TOKEN": "s3cr3t \ud800", "N": NaN}, "locked": false, "ts": [1700000000.0, 1700000009.0]}

        }
        """#
    }

    @Test(
        "xonsh: line, status and times of a session's commands are read, whatever else is in the document")
    func xonshCommands() throws {
        let (entries, skipped) = try read(
            .xonshJSON,
            Self.xonsh(
                #"""
                {"cwd": "/h", "inp": "ls -l\n", "out": "\udc80 ]} \" s3cr3t", "rtn": 0, "ts": [1700000000.25, 1700000000.5]},
                {"inp": "make\n", "rtn": -2, "ts": [1700000001.0, null]},
                {"inp": "x = 1\n", "rtn": null, "ts": [1700000002.0, 1700000002.0]},
                {"inp": "echo \udc80\n", "rtn": 0, "ts": [1700000003.0, 1700000004.0]},
                {"inp": "old\n", "rtn": 0, "ts": null}, {"rtn": 0, "ts": [1700000005.0, 1700000006.0]}, 7,
                {"inp": "\u0103 \u4f60\n", "rtn": 1, "ts": [1700000007.0, 1700000008.5], "spc": {"a": [1, {"b": []}]}}
                """#))
        #expect(
            entries == [
                Read(line: "ls -l\n", seconds: 1_700_000_000, durationMS: 250, status: 0),
                Read(line: "make\n", seconds: 1_700_000_001),
                Read(line: "x = 1\n", seconds: 1_700_000_002),
                Read(line: "\u{103} \u{4F60}\n", seconds: 1_700_000_007, durationMS: 1500, status: 1),
            ])
        #expect(skipped == [.broken, .undated, .broken, .broken])
    }

    @Test(
        "xonsh: a truncated file gives its whole commands; another document is broken, an empty file gives nothing")
    func xonshBroken() throws {
        let whole = Self.xonsh(
            #"{"inp": "ls\n", "rtn": 0, "ts": [1700000000.0, 1700000001.0]}, {"inp": "make\n", "rtn": 0, "ts": [1, 2]}"#
        )
        let cut = try #require(whole.range(of: "make"))
        let (entries, skipped) = try read(.xonshJSON, String(whole[..<cut.lowerBound]))
        #expect(entries.map(\.line) == ["ls\n"] && skipped == [.broken])
        for text in ["{}", "[]", "ls\n", #"{"data": {"cmds": 1}}"#, #"{"data": {"env": {}}}"#, "{\"data\"", "{,}", "}"]
        {
            #expect(try read(.xonshJSON, text).skipped == [.broken], "\(text)")
        }
        let (none, nothing) = try read(.xonshJSON, "")
        #expect(none.isEmpty && nothing.isEmpty)
        let long = String(repeating: "x", count: Limits.historyEntryBytes)
        #expect(try read(.xonshJSON, Self.xonsh(#"{"inp": "\#(long)", "rtn": 0, "ts": [1, 2]}"#)).skipped == [.tooLong])
    }

    @Test(
        "xonsh: the folder has a file for each session; other files in it are not read, and a file over the limit is skipped"
    )
    func xonshFolder() throws {
        let folder = try TemporaryFolder()
        let home = folder.path
        let path = home + "/.local/share/xonsh/history_json"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        func find() -> String? { HistorySource.xonshJSON.find { $0 == "HOME" ? home : nil } }
        #expect(find() == nil)
        func write(_ name: String, _ line: String) throws {
            let text = Self.xonsh(#"{"inp": "\#(line)", "rtn": 0, "ts": [1700000000.0, 1700000001.0]}"#)
            try Data(text.utf8).write(to: URL(filePath: path + "/" + name))
        }
        try write("xonsh-b.json", "second")
        try write("xonsh-a.json", "first")
        try write("other.json", "other")
        _ = FileManager.default.createFile(atPath: path + "/xonsh-c.json", contents: nil)
        _ = FileManager.default.createFile(atPath: path + "/xonsh-d.json", contents: nil)
        try FileHandle(forWritingTo: URL(filePath: path + "/xonsh-d.json"))
            .truncate(atOffset: UInt64(Limits.historyDocumentBytes + 1))
        #expect(find() == path)
        let (entries, skipped) = try ReaderTests.read(.xonshJSON, path)
        #expect(entries.map(\.line) == ["first", "second"] && skipped == [.tooLong])
    }

    // MARK: resh

    @Test("resh: both forms of a line, with what is unknown where only the begin of a command was noted")
    func resh() throws {
        let (entries, skipped) = try read(
            .resh,
            #"""
            v1{"flags":0,"cmdLine":"make test","exitCode":2,"pwd":"/h","time":"1700000000.2500","duration":"1.5000"}
            v1{"cmdLine":"vim","exitCode":0,"time":"1700000001.0","duration":"0.0","partOne":true,"partsNotMerged":true}
            v1{"sessionExit":true,"cmdLine":"","time":"1700000002.0"}
            {"cmdLine":"ls","exitCode":0,"shell":"zsh","realtimeBefore":1700000003.5,"realtimeDuration":0.25,"partOne":true,"partsMerged":true}
            {"cmdLine":"begin","exitCode":0,"realtimeBefore":1700000004.5,"realtimeDuration":9,"partOne":true,"partsMerged":false}
            {"cmdLine":"end","exitCode":0,"realtimeBefore":0,"realtimeAfter":1700000005.5,"partsMerged":false}
            v2{"cmdLine":"new","time":"1700000006.0"}
            v1{"exitCode":0,"time":"1700000007.0"}
            torn {
            v1{"cmdLine":"a\nb","exitCode":300,"time":"1700000008","duration":"-1"}
            """#)
        #expect(
            entries == [
                Read(line: "make test", seconds: 1_700_000_000, durationMS: 1500, status: 2),
                Read(line: "vim", seconds: 1_700_000_001),
                Read(line: "ls", seconds: 1_700_000_003, durationMS: 250, status: 0),
                Read(line: "begin", seconds: 1_700_000_004),
                Read(line: "a\nb", seconds: 1_700_000_008),
            ])
        #expect(skipped == [.undated, .broken, .broken, .broken])
        let long = "v1{\"cmdLine\":\"" + String(repeating: "x", count: Limits.historyEntryBytes) + "\"}\n"
        #expect(try read(.resh, long).skipped == [.tooLong])
    }

    @Test("The default paths of resh and xonsh are searched, and a report has none")
    func places() {
        func paths(_ source: HistorySource) -> [String] { source.paths { $0 == "HOME" ? "/h" : nil } }
        #expect(
            paths(.resh) == [
                "/h/.local/share/resh/history.reshjson", "/h/.resh_history.json", "/h/.resh/history.json",
            ])
        #expect(paths(.xonshJSON) == ["/h/.local/share/xonsh/history_json", "/h/.local/share/xonsh"])
        #expect(paths(.junit).isEmpty)
    }

    // MARK: JUnit

    @Test("A suite with test cases is an entry with its name, start, length and outcome; a suite of suites is not")
    func junit() throws {
        let (entries, skipped) = try read(
            .junit,
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- <testsuite name="comment"/> -->
            <testsuites name="all" tests="5">
              <testsuite name="outer" timestamp="2023-11-14T22:13:20" time="9">
                <testsuite name='Cart &lt;A&amp;B&#62; &#x41;' timestamp="2023-11-14T22:13:20" time="1.5" failures="0" errors="0">
                  <testcase name="secret" classname="a&gt;b"/>
                  <system-out><![CDATA[ <testsuite name="output" timestamp="2023-11-14T22:13:20"> ]]></system-out>
                </testsuite>
                <testsuite name="Orders" timestamp="2023-11-14T23:13:21.5+01:00" tests="1">
                  <testcase name="x > y"><failure message="a > b">text</failure></testcase>
                </testsuite>
              </testsuite>
              <testsuite name="Counted" timestamp="2023-11-14T22:13:22Z" time="1,234.5" errors="2"><testcase/></testsuite>
              <testsuite name="Undated"><testcase/></testsuite>
              <testsuite name="" timestamp="2023-11-14T22:13:22"><testcase/></testsuite>
              <testsuite name="Empty" timestamp="2023-11-14T22:13:22" time="0"/>
            </testsuites>
            """)
        #expect(
            entries == [
                Read(line: "Cart <A&B> A", seconds: 1_700_000_000, durationMS: 1500, status: 0),
                Read(line: "Orders", seconds: 1_700_000_001, status: 1),
                Read(line: "Counted", seconds: 1_700_000_002, status: 1),
            ])
        #expect(skipped == [.undated, .broken])
    }

    @Test(
        "A document with a document type is not read, so that no entity is expanded; other and truncated files are broken"
    )
    func hostileXML() throws {
        let suite = #"<testsuite name="A" timestamp="2023-11-14T22:13:20"><testcase/></testsuite>"#
        let bomb = #"<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>"# + suite
        for text in [
            bomb, "", "plain", "<html></html>", "<testsuite name=\"A\"><testcase/>", "<testsuite name=\"A", "<", "<!-",
            "<!--", "<?",
            "<![CDATA[",
        ] {
            let (entries, skipped) = try read(.junit, text)
            #expect(entries.isEmpty && skipped == [.broken], "\(text)")
        }
        let long = String(repeating: "x", count: Limits.historyEntryBytes)
        let (entries, skipped) = try read(
            .junit,
            "<testsuites>"
                + suite.replacing("<testcase/>", with: "<testcase><error message=\"\(long)>\(long)\"/></testcase>")
                + "<testsuite\n\tname=\"&unknown; &#xD800;&\" timestamp='2023-11-14T22:13:21'  ><testcase/></testsuite></testsuites>"
        )
        #expect(
            entries.map(\.line) == ["A", "&unknown; &#xD800;&"] && entries.map(\.status) == [1, 0] && skipped.isEmpty)
    }
}
