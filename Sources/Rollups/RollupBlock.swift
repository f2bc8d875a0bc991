import Core
import Database
import SystemSupport

/// The numbers of an aggregate except its latency buckets. A change (`RollupChange`) that subtracts earlier counts has
/// negative numbers.
struct RollupNumbers: Equatable, Sendable {
    var count: Int64 = 0
    var succeeded: Int64 = 0
    var failed: Int64 = 0
    /// Sum of the durations, in milliseconds.
    var totalMS: Int64 = 0
    /// Time of the first failure, in milliseconds since 1970; `.max` without failures. A block only stores it if the
    /// kind has times (`RollupKind.hasTimes`).
    var firstMS: Int64 = .max
    /// Time of the last failure, in milliseconds since 1970; `.min` without failures. It is stored like `firstMS`.
    var lastMS: Int64 = .min

    mutating func add(_ other: RollupNumbers) {
        count += other.count
        succeeded += other.succeeded
        failed += other.failed
        totalMS = Self.sum(totalMS, other.totalMS)
        firstMS = min(firstMS, other.firstMS)
        lastMS = max(lastMS, other.lastMS)
    }

    /// Returns the sum, limited to `RollupBlock.highestNumber`. Without the limit, an event with an extreme duration
    /// could stop the writer.
    static func sum(_ one: Int64, _ other: Int64) -> Int64 {
        let (sum, overflows) = one.addingReportingOverflow(other)
        return overflows ? RollupBlock.highestNumber : min(sum, RollupBlock.highestNumber)
    }
}

/// An aggregate that is added to a block.
struct RollupChange {
    var key: RollupKey
    var numbers: RollupNumbers
    /// The range of the aggregate's latency buckets in a separate list (`[BucketCount]`), which all changes of a
    /// `RollupTable.Part` share. The buckets are in ascending order.
    var buckets: Range<Int>
}

/// The bytes of a row of `usage_rollup`: the aggregates of one kind and one group of keys (`RollupKey.group`), in one
/// day or 15-minute bucket. Equal aggregates have equal bytes. Numbers are varints (see `Varint.swift`).
///
///     1 byte: version, 1
///     for each aggregate, in the order of the keys:
///         first number of the key, minus the first number of the previous aggregate's key (minus 0 for the first)
///         if the keys of the kind are pairs: second number of the key
///         length of the aggregate's remaining bytes
///         count, succeeded, failed, sum of the durations in milliseconds
///         if the kind has times and `failed` is not 0: time of the first failure in milliseconds since 1970,
///             and the milliseconds from the first to the last failure
///         if the kind has latency: buckets as in `LatencyHistogram`, without the sum, up to the end of the aggregate
enum RollupBlock {
    static let version: UInt8 = 1

    /// The highest number of an aggregate. The sum of two such numbers fits an `Int64`. A higher number is corruption.
    static let highestNumber: Int64 = 1 << 61

    /// The error for bytes that are not a valid block.
    struct Damage: Error {}

    /// An aggregate as encoded in a block.
    struct Cell {
        var key: RollupKey
        var numbers: RollupNumbers
        /// The range of the aggregate's bytes after its length.
        var body: Range<Int>
        /// The offset at which the latency buckets begin. They end at the end of `body`.
        var bucketStart: Int
    }

    /// Iterates over the aggregates of a block.
    struct Cursor {
        private let kind: RollupKind
        private var position = 1
        private var first: UInt64 = 0

        init(_ kind: RollupKind, _ bytes: Span<UInt8>) throws(Damage) {
            guard bytes.count > 1, bytes[0] == RollupBlock.version else { throw Damage() }
            self.kind = kind
        }

        mutating func next(in bytes: Span<UInt8>) throws(Damage) -> Cell? {
            try next(in: bytes) { _ in true }
        }

        /// Returns the next aggregate whose key passes a condition. The numbers of the skipped aggregates are not read.
        @inline(__always)
        mutating func next(in bytes: Span<UInt8>, where isMeant: (RollupKey) -> Bool) throws(Damage) -> Cell? {
            while position < bytes.count {
                first += try number(bytes, atMost: UInt64(UInt32.max))
                let second = kind.isPair ? try number(bytes, atMost: UInt64(UInt32.max)) : 0
                let length = Int(try number(bytes, atMost: UInt64(bytes.count)))
                let body = position..<position + length
                guard first <= UInt64(UInt32.max), body.upperBound <= bytes.count else { throw Damage() }
                let key = RollupKey(UInt32(first), UInt32(second))
                if isMeant(key) { return try cell(key, body, bytes) }
                position = body.upperBound
            }
            return nil
        }

        private mutating func cell(
            _ key: RollupKey, _ body: Range<Int>, _ bytes: Span<UInt8>
        ) throws(Damage) -> Cell {
            var numbers = RollupNumbers()
            numbers.count = Int64(try number(bytes))
            numbers.succeeded = Int64(try number(bytes))
            numbers.failed = Int64(try number(bytes))
            numbers.totalMS = Int64(try number(bytes))
            if kind.hasTimes, numbers.failed > 0 {
                numbers.firstMS = Int64(try number(bytes))
                numbers.lastMS = RollupNumbers.sum(numbers.firstMS, Int64(try number(bytes)))
            }
            guard position <= body.upperBound else { throw Damage() }
            defer { position = body.upperBound }
            return Cell(key: key, numbers: numbers, body: body, bucketStart: position)
        }

        private mutating func number(
            _ bytes: Span<UInt8>, atMost limit: UInt64 = UInt64(RollupBlock.highestNumber)
        ) throws(Damage) -> UInt64 {
            guard let number = bytes.varint(at: &position), number <= limit else { throw Damage() }
            return number
        }
    }
}
