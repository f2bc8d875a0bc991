import Core
import Database
import Intake
import SystemSupport

/// Converts a row of a snapshot back to an event and applies the rules for recorded events. Therefore an import cannot
/// store an event that a recorder would reject. Only times are accepted without a comparison to the clock, because
/// another machine may have recorded the row. A value that looks like a secret is redacted, as in a recorded event,
/// because an older Nexus with other rules may have stored it.
struct RowRules {
    /// Stored names are hashed already, so nothing is hashed here and the key is never used.
    private var intake = EventIntake(
        key: HashKey(bytes: [UInt8](repeating: 0, count: HashKey.length)), session: "redacted", acceptsFuture: true)
    private var parsed = ParsedEvent()
    private var timestamps = TimestampParser()
    /// The times of the earliest and the latest row so far, in milliseconds since 1970; nil before the first row.
    private(set) var span: ClosedRange<Int64>?

    /// Checks a row and passes its encoded event to `use`. Returns the problem of the row; nil for a valid row.
    mutating func check(_ row: borrowing EventRow, use: (Span<UInt8>) -> Void) -> String? {
        guard row.id > 0, row.id <= RowProvenance.largestID else { return "its id is out of range" }
        parsed.reset(keepsText: false)
        for column in EventRow.Column.all {
            guard set(column, row) else { return "\(column.name) is not valid" }
        }
        guard case .text = row[.timestamp], case .text = row[.sessionID], case .text = row[.eventType] else {
            return "a required column is empty"
        }
        do throws(Rejection) {
            // Nexus stores only the first plain words of a command, so a row with a longer command does not come from
            // Nexus.
            let isCut = try intake.acceptSayingIfCut(parsed, in: row.bytes.span, use: use)
            return isCut ? "its command has more than its first plain words" : nil
        } catch {
            return error.message
        }
    }

    private mutating func set(_ column: EventRow.Column, _ row: borrowing EventRow) -> Bool {
        switch (row[column], column) {
        case (.null, _): return true
        case (.integer(let number), .durationMS), (.integer(let number), .servicesCount),
            (.integer(let number), .portsUsed):
            parsed.set(column.field, number)
            return true
        case (.integer(let number), .success):
            parsed.set(success: number == 1)
            return number == 0 || number == 1
        case (.text(let place), .timestamp):
            guard place.count == TimestampFormatter.length else { return false }
            let time = timestamps.parse(databaseText: row.bytes.span.extracting(place)) ?? .min
            parsed.set(.timestamp, time)
            span = span.map { min($0.lowerBound, time)...max($0.upperBound, time) } ?? time...time
            return true
        case (.text, .durationMS), (.text, .servicesCount), (.text, .portsUsed), (.text, .success): return false
        case (.text(let place), _):
            parsed.setPlace(place, of: column.field)
            return !place.isEmpty
        case (.integer, _), (.other, _): return false
        }
    }
}
