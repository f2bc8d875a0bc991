import Core
import Intake
import SystemSupport

/// Reads the suites of a JUnit report. Ant defined the format; pytest, Gradle, Maven, Jest and other tools write it
/// too.
///
///     <testsuites>
///       <testsuite name="CartTests" timestamp="2023-11-14T22:13:20" time="1.5" tests="2" failures="1">
///         <testcase …><failure …>…</failure></testcase>
///       </testsuite>
///     </testsuites>
///
/// A suite that contains test cases becomes a completed task with the name of the suite. Names of test cases, messages
/// and outputs are not read. A time without a zone is read as UTC, because Ant writes times in UTC.
struct JUnitReport: HistoryReader {
    /// A suite whose end tag was not read yet.
    private struct Suite {
        var name: [UInt8] = []
        var time: Int64?
        var durationMS: Int64?
        var hasFailed = false
        var hasCases = false
    }

    private let tags: MarkupReader
    private var open: [Suite] = []
    private var isOver = false
    private var hasRoot = false

    init(_ tags: MarkupReader) { self.tags = tags }

    var progress: Double { tags.progress }

    mutating func next(into entry: inout HistoryEntry) throws -> HistoryItem? {
        guard !isOver else { return nil }
        do {
            while let tag = try tags.next() {
                if let item = take(tag, into: &entry) { return item }
            }
        } catch is MarkupReader.Problem {
            isOver = true
            return .skipped(.broken)
        }
        isOver = true
        // If a suite has no end tag, the report was truncated.
        return open.isEmpty && hasRoot ? nil : .skipped(.broken)
    }

    private mutating func take(_ tag: MarkupReader.Tag, into entry: inout HistoryEntry) -> HistoryItem? {
        switch tag.name {
        case "testsuites": hasRoot = true
        case "testsuite":
            hasRoot = true
            guard open.count < Limits.nestingDepth else { return nil }
            if !tag.isEnd { open.append(Self.suite(tag.attributes)) }
            guard tag.isEnd || tag.isEmpty, let suite = open.popLast(), suite.hasCases else { return nil }
            return Self.finish(suite, into: &entry)
        case "testcase" where !open.isEmpty: open[open.count - 1].hasCases = true
        case "failure" where !open.isEmpty, "error" where !open.isEmpty: open[open.count - 1].hasFailed = true
        default: break
        }
        return nil
    }

    private static func suite(_ attributes: [String: [UInt8]]) -> Suite {
        func number(_ name: String) -> Double? {
            attributes[name].flatMap { Double(String(decoding: $0, as: UTF8.self)) }.flatMap { $0.isFinite ? $0 : nil }
        }
        var suite = Suite()
        suite.name = attributes["name"] ?? []
        suite.time = attributes["timestamp"].flatMap(time)
        suite.durationMS = number("time").flatMap(\.milliseconds).flatMap {
            $0 >= 0 && $0 <= Limits.durationMilliseconds ? $0 : nil
        }
        suite.hasFailed = (number("failures") ?? 0) > 0 || (number("errors") ?? 0) > 0
        return suite
    }

    private static func time(_ text: [UInt8]) -> Int64? {
        Timestamp.parse(text.span) ?? Timestamp.parse((text + [UInt8(ascii: "Z")]).span)
    }

    private static func finish(_ suite: Suite, into entry: inout HistoryEntry) -> HistoryItem {
        guard !suite.name.isEmpty else { return .skipped(.broken) }
        guard let time = suite.time else { return .skipped(.undated) }
        entry.line = suite.name
        entry.facts = .init(time: time, durationMS: suite.durationMS, status: suite.hasFailed ? 1 : 0)
        entry.facts.isTask = true
        return .entry
    }
}
