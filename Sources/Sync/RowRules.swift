import EventModel
import Intake
import Platform
import Store

/// Makes an event again of a row from elsewhere, by the rules that every event passes on its way in: what a recorder
/// would be refused no snapshot brings in.
struct RowRules {
    /// Names are hashed before they are stored, so nothing is hashed here and the key is never used.
    private var intake = EventIntake(
        key: HashKey(bytes: [UInt8](repeating: 0, count: HashKey.length)), session: "none")
    private var draft = EventDraft()
    private var text: [UInt8] = []

    /// The payload of the event that the last row made.
    var payload: [UInt8] { intake.payload }

    /// Takes one row; says what is wrong with it, or nil.
    mutating func check(_ row: borrowing EventRow) -> String? {
        guard row.id > 0, row.id <= RowOrigins.largestID else { return "its id is out of range" }
        draft.reset(keepsText: false)
        text.removeAll(keepingCapacity: true)
        for column in EventRow.Column.all {
            guard set(column, row) else { return "\(column.name) is not what the column holds" }
        }
        guard row[.timestamp] != .null, row[.sessionID] != .null, row[.eventType] != .null else {
            return "a column is empty that never is"
        }
        let text = text
        do throws(Rejection) {
            try intake.accept(draft, in: text.span)
        } catch {
            return error.message
        }
        // A command that would be cut was not stored by Nexus. Nothing else is counted.
        return intake.takeTally() == nil ? nil : "command holds more than plain words"
    }

    private mutating func set(_ column: EventRow.Column, _ row: borrowing EventRow) -> Bool {
        switch (row[column], column) {
        case (.null, _): return true
        case (.integer(let number), .durationMS), (.integer(let number), .servicesCount),
            (.integer(let number), .portsUsed):
            draft.set(column.field, number)
            return true
        case (.integer(let number), .success):
            draft.set(success: number == 1)
            return number == 0 || number == 1
        case (.text(let place), .timestamp):
            guard place.count == TimestampFormatter.length else { return false }
            append(row.bytes.span.extracting(place), zone: true, as: .timestamp)
            return true
        case (.text, .durationMS), (.text, .servicesCount), (.text, .portsUsed), (.text, .success): return false
        case (.text(let place), _):
            append(row.bytes.span.extracting(place), zone: false, as: column.field)
            return !place.isEmpty
        case (.integer, _), (.other, _): return false
        }
    }

    private mutating func append(_ value: Span<UInt8>, zone: Bool, as field: EventField) {
        let start = text.count
        text.append(value)
        if zone { text.append(UInt8(ascii: "Z")) }
        draft.setPlace(start..<text.count, of: field)
    }
}
