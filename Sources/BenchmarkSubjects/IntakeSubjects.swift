import Core
import Intake
import WriteAheadBuffer

/// Decoding: from a line of JSON to a parsed event, nothing else.
public struct DecodingSubject {
    private let lines: [[UInt8]]
    private var decoder = EventDecoder(strict: true)
    private var parsed = ParsedEvent()

    /// With so many lines in a run.
    public init(lines: Int) {
        self.lines = SampleLines.make(lines)
    }

    /// Decodes every line.
    public mutating func run() {
        for line in lines {
            guard (try? decoder.decode(line.span, into: &parsed)) != nil else { preconditionFailure("a line is wrong") }
        }
    }
}

/// All of intake: decode, validate, hash names, encode, and put the records into a batch.
public struct IntakeSubject {
    private let lines: [[UInt8]]
    private var intake = EventIntake(key: SubjectKey.key, session: "benchmark")
    private var batch = RecordBatch()

    /// With so many lines in a run.
    public init(lines: Int) {
        self.lines = SampleLines.make(lines)
    }

    /// Takes every line in, and returns how many bytes the batch has.
    public mutating func run() -> Int {
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
public struct GuardSubject {
    private let lines: [[UInt8]]
    private var batch = RecordBatch()

    /// With so many lines in a run.
    public init(lines: Int) {
        self.lines = SampleLines.makeWithFreshNames(lines)
    }

    /// Takes every line in, knowing none of it, and returns how many bytes the batch has.
    public mutating func run() -> Int {
        var intake = EventIntake(key: SubjectKey.key, session: "benchmark")
        batch.removeAll()
        for line in lines {
            let isTaken = (try? intake.accept(line: line.span) { batch.append($0) }) != nil
            precondition(isTaken, "a line is wrong")
        }
        return batch.bytes.count
    }
}
