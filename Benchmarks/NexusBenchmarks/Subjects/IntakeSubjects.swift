import Core
import Intake
import WriteAheadBuffer

/// Decoding: from a line of JSON to a parsed event, nothing else.
struct DecodingSubject {
    private let lines: [[UInt8]]
    private var decoder = EventDecoder(strict: true)
    private var parsed = ParsedEvent()

    /// With so many lines in a run.
    init(lines: Int) {
        self.lines = SampleLines.make(lines)
    }

    /// Decodes every line.
    mutating func run() {
        for line in lines {
            guard (try? decoder.decode(line.span, into: &parsed)) != nil else { preconditionFailure("a line is wrong") }
        }
    }
}

/// All of intake: decode, validate, hash names, encode, and put the records into a batch.
struct IntakeSubject {
    private let lines: [[UInt8]]
    private var intake = EventIntake(key: SubjectKey.key, session: "benchmark")
    private var batch = RecordBatch()

    /// With so many lines in a run.
    init(lines: Int) {
        self.lines = SampleLines.make(lines)
    }

    /// Takes every line in, and returns how many bytes the batch has.
    mutating func run() -> Int {
        batch.removeAll()
        for line in lines {
            let isTaken = (try? intake.accept(line: line.span) { batch.append($0) }) != nil
            precondition(isTaken, "a line is wrong")
        }
        return batch.bytes.count
    }
}

/// The key that the subjects hash with.
enum SubjectKey {
    static let key = HashKey(bytes: Array(repeating: 7, count: HashKey.length))

    /// A batch of the sample lines.
    static func batch(_ lines: Int) -> RecordBatch {
        var intake = EventIntake(key: key, session: "benchmark")
        var batch = RecordBatch()
        for line in SampleLines.make(lines) { try? intake.accept(line: line.span) { batch.append($0) } }
        return batch
    }
}

/// The guard: intake of lines whose names were never seen, so that each is hashed and every text is judged afresh.
struct GuardSubject {
    private let lines: [[UInt8]]
    private var batch = RecordBatch()

    /// With so many lines in a run.
    init(lines: Int) {
        self.lines = SampleLines.makeWithFreshNames(lines)
    }

    /// Takes every line in, knowing none of it, and returns how many bytes the batch has.
    mutating func run() -> Int {
        var intake = EventIntake(key: SubjectKey.key, session: "benchmark")
        batch.removeAll()
        for line in lines {
            let isTaken = (try? intake.accept(line: line.span) { batch.append($0) }) != nil
            precondition(isTaken, "a line is wrong")
        }
        return batch.bytes.count
    }
}

/// Lines of NDJSON as a busy script would write them: always the same ones.
enum SampleLines {
    /// `count` lines, each without its break.
    static func make(_ count: Int) -> [[UInt8]] {
        (0..<count).map { number in Array(line(number).utf8) }
    }

    /// The same with names, a session and a command of its own in each line.
    static func makeWithFreshNames(_ count: Int) -> [[UInt8]] {
        (0..<count).map { number in
            Array(
                """
                {"timestamp":\(1_700_000_000_000 + number * 250),"session_id":"session-\(number)",\
                "event_type":"command","workspace":"workspace-\(number)","task":"task-\(number)",\
                "command":"tool\(number) build","duration_ms":\(number % 9000),"success":true}
                """.utf8)
        }
    }

    private static func line(_ number: Int) -> String {
        let command = ["swift build", "swift test --parallel", "git commit -m x", "docker compose up"][number % 4]
        return """
            {"timestamp":\(1_700_000_000_000 + number * 250),"session_id":"session-\(number % 40)",\
            "event_type":"command","workspace":"workspace-\(number % 25)","task":"task-\(number % 60)",\
            "command":"\(command)","duration_ms":\(number % 9000),"success":\(number % 8 != 0),\
            "services_count":\(number % 5)}
            """
    }
}
