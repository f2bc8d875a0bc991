import EventModel

/// How a row of `events` becomes a record of SQLite's: the kinds of its numbers, and how long it is (see `RowPages`).
struct RowLayout {
    /// A number as a column holds it: in as few bytes as it needs, and in none where its kind says all
    /// (https://www.sqlite.org/fileformat2.html#record_format).
    struct Number {
        let value: Int64
        let kind: UInt8
        let bytes: Int

        @inline(__always)
        init(_ number: Int64?) {
            value = number ?? 0
            guard let number else {
                (kind, bytes) = (0, 0)
                return
            }
            switch number {
            case 0: (kind, bytes) = (8, 0)
            case 1: (kind, bytes) = (9, 0)
            case -0x80...0x7F: (kind, bytes) = (1, 1)
            case -0x8000...0x7FFF: (kind, bytes) = (2, 2)
            case -0x80_0000...0x7F_FFFF: (kind, bytes) = (3, 3)
            case -0x8000_0000...0x7FFF_FFFF: (kind, bytes) = (4, 4)
            case -0x8000_0000_0000...0x7FFF_FFFF_FFFF: (kind, bytes) = (5, 6)
            default: (kind, bytes) = (6, 8)
            }
        }
    }

    let duration: Number
    let success: Number
    let services: Number
    let ports: Number
    /// Bytes of the record's header, and of the whole record.
    let headerBytes: Int
    let bytes: Int

    @inline(__always)
    init(_ record: EventRecord) {
        duration = Number(record.durationMS)
        success = Number(record.success.map { $0 ? 1 : 0 })
        services = Number(record.servicesCount.map(Int64.init))
        ports = Number(record.portsUsed.map(Int64.init))
        headerBytes = Self.narrowHeader + Self.wideKinds(of: record)
        let texts = record.templateUsed.upperBound &- record.workspaceHash.lowerBound
        bytes =
            headerBytes &+ TimestampFormatter.length &+ texts &+ duration.bytes &+ success.bytes &+ services.bytes
            &+ ports.bytes
    }

    /// Bytes of a header: its own length, and the kinds of the id and of twelve columns, when each takes one byte.
    private static let narrowHeader = 14

    /// How many columns have a text so long that their kind takes two bytes. Hashes are never so long.
    @inline(__always)
    private static func wideKinds(of record: EventRecord) -> Int {
        // All of them together are seldom as long.
        let together = record.templateUsed.upperBound &- record.taskHash.upperBound
        guard kind(ofText: together) >= 0x80 else { return 0 }
        @inline(__always) func isWide(_ text: Range<Int>) -> Int { kind(ofText: text.count) >= 0x80 ? 1 : 0 }
        return isWide(record.sessionID) + isWide(record.eventType) + isWide(record.command)
            + isWide(record.errorCategory) + isWide(record.templateUsed)
    }

    /// Whether each kind takes one byte of the header.
    @inline(__always)
    var isNarrow: Bool { headerBytes == Self.narrowHeader }

    /// The kind of a column that holds a text of so many bytes; NULL where there is none.
    @inline(__always)
    static func kind(ofText bytes: Int) -> Int { bytes == 0 ? 0 : 13 &+ 2 &* bytes }
}
