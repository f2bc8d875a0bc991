import Core
import Sync
import SystemSupport

/// The result of a run of `nexus sync` to a destination of aggregates.
struct AggregateReport {
    private let summary: AggregateTransmission.Summary
    private let destination: String
    private let name: String
    private let isWithdrawal: Bool
    private let unknownDays: Int

    init(
        _ summary: AggregateTransmission.Summary, of sync: AggregateSync? = nil, name: String = "",
        to destination: Destination
    ) {
        self.summary = summary
        self.destination = destination.identity
        self.name = name
        isWithdrawal = sync?.isWithdrawal ?? false
        unknownDays = sync?.unknownDays ?? 0
    }

    var json: JSONValue {
        [
            "bytes": .integer(summary.bytes), "days": .integer(summary.days), "destination": .string(destination),
            "lines": .integer(summary.lines), "schema": .integer(1), "unknown_days": .integer(unknownDays),
            "withdrawn": .bool(isWithdrawal),
        ]
    }

    var text: String {
        let place = destination.escapedForDisplay
        if isWithdrawal {
            let done =
                summary.days > 0
                ? "Withdrew \(summary.days.counted("day")) from \(place)." : "Nothing to withdraw from \(place)."
            return "\(done) No day is sent there until 'nexus sync add \(name.escapedForDisplay)' runs again.\n"
        }
        let sent =
            summary.days > 0
            ? "Sent aggregates of \(summary.days.counted("day")), \(summary.lines.counted("line")), "
                + "\(summary.bytes.counted("byte")), to \(place).\n"
            : "Nothing new for \(place).\n"
        return sent + Self.note(unknownDays)
    }

    /// Returns a sentence on the days that cannot be sent; empty if all days can be sent.
    static func note(_ unknownDays: Int) -> String {
        unknownDays == 0
            ? ""
            : "\(unknownDays.counted("day")) cannot be sent: retention removed their rows, and their aggregates by "
                + "command, outcome and category are incomplete.\n"
    }
}

/// The days that a run would send.
struct AggregatePreview {
    private let destination: String
    private let isWithdrawal: Bool
    private let unknownDays: Int
    private var days: [JSONValue] = []
    private var lines = 0
    private var bytes = 0

    init(to destination: Destination, isWithdrawal: Bool, unknownDays: Int) {
        self.destination = destination.identity
        self.isWithdrawal = isWithdrawal
        self.unknownDays = unknownDays
    }

    mutating func add(_ day: AggregateSync.Day) {
        lines += day.lines
        bytes += day.bytes.count
        days.append([
            "bytes": .integer(day.bytes.count), "day": .string(day.date), "lines": .integer(day.lines),
            "sha256": .string(day.checksum), "text": .string(day.bytes.text),
        ])
    }

    var json: JSONValue {
        [
            "days": .array(days), "destination": .string(destination), "schema": .integer(1),
            "unknown_days": .integer(unknownDays), "withdrawn": .bool(isWithdrawal),
        ]
    }

    var text: String {
        let place = destination.escapedForDisplay
        guard !days.isEmpty else { return "nexus: nothing new for \(place)\n" }
        return
            "nexus: \(isWithdrawal ? "empty days" : "these bytes") would be sent to \(place): \(days.count.counted("day")), "
            + "\(lines.counted("line")), \(bytes.counted("byte")); nothing was sent\n"
            + AggregateReport.note(unknownDays)
    }
}

/// The list of names that would be sent with aggregates, printed before any data is sent.
struct LeavingNamesReport {
    /// The maximum number of printed names of each kind.
    private static let most = 20

    private let names: LeavingNames
    private let allowed: AllowedNames?
    private let name: String
    private let destination: String

    init(_ names: LeavingNames, allowed: AllowedNames?, name: String, destination: Destination) {
        self.names = names
        self.allowed = allowed
        self.name = name
        self.destination = destination.identity
    }

    var text: String {
        let rows = [
            ("Commands:  ", AllowedNames.Kind.command), ("Categories:", .category), ("Templates: ", .template),
        ].map { title, kind in "  \(title) \(Self.list(names.names[kind] ?? []))\n" }
        return "'nexus sync --to \(name.escapedForDisplay)' sends counts and durations of whole days, and no rows, to "
            + "\(destination.escapedForDisplay).\nThese recorded names would be sent:\n"
            + rows.joined()
            + (allowed == nil
                ? "Names that you record later are sent too; --allow FILE limits the names.\n"
                : "Every other name is sent as '\(AllowedNames.other)', including names that you record later.\n")
            + "'nexus sync --to \(name.escapedForDisplay) --dry-run' prints the bytes.\n"
    }

    private static func list(_ names: [String]) -> String {
        guard !names.isEmpty else { return "none" }
        let shown = names.prefix(most).map(\.escapedForDisplay).joined(separator: "; ")
        return names.count > most ? "\(shown); and \(names.count - most) more" : shown
    }
}

/// The list of named destinations.
struct DestinationsReport {
    private let rows: [(name: String, url: String)]
    private let aggregates: [(name: String, entry: AggregateSettings.Entry)]

    init(_ destinations: Destinations) {
        rows = destinations.rows.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        aggregates = destinations.aggregates.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    var json: JSONValue {
        let urls = rows.map { JSONValue.Member($0.name, .string($0.url)) }
        let others = aggregates.map { name, entry -> JSONValue.Member in
            let value: JSONValue = [
                "id": .string(entry.source), "names": .string(entry.allowed == nil ? "all" : "listed"),
                "state": .string(entry.state.rawValue), "url": .string(entry.url),
            ]
            return .init(name, value)
        }
        return ["aggregates": .object(others), "destinations": .object(urls), "schema": .integer(1)]
    }

    var text: String {
        let lines =
            rows.map { ($0.name, $0.url, "") }
            + aggregates.map { ($0.name, $0.entry.url, Self.text($0.entry)) }
        guard !lines.isEmpty else { return "No destinations yet.\n" }
        let width = lines.map(\.0.count).max() ?? 0
        return lines.sorted { $0.0 < $1.0 }.map { name, url, note in
            let blanks = String(repeating: " ", count: width - name.count)
            return "\(name.escapedForDisplay)\(blanks)  \(url.escapedForDisplay)\(note)\n"
        }.joined()
    }

    private static func text(_ entry: AggregateSettings.Entry) -> String {
        if entry.state == .withdrawing { return "  (aggregates: withdrawn; no day is sent)" }
        let names =
            entry.allowed.map { allowed in
                AllowedNames.Kind.allCases.map { kind in
                    allowed.count(kind).counted(kind.rawValue, plural: kind == .category ? "categories" : nil)
                }.joined(separator: ", ")
            } ?? "all names"
        return "  (aggregates: \(names); id \(entry.source.prefix(8)))"
    }
}
