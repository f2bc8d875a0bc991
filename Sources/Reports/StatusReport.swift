package import Core
package import Database
import Maintenance
import Rollups
import SystemSupport

/// The state of recording, for `nexus telemetry status`.
package struct StatusReport: Sendable {
    /// The transfers to one destination so far.
    package struct Sent: Equatable, Sendable {
        package let destination: String
        package var transfers: Int
        package var rows: Int
        package var bytes: Int
        /// The number of transfers that sent the aggregates of a day; 0 if rows were sent.
        package var days = 0
        /// The time of the last confirmed transfer, RFC 3339.
        package var last: String

        package init(destination: String, transfers: Int, rows: Int, bytes: Int, last: String) {
            self.destination = destination
            self.transfers = transfers
            self.rows = rows
            self.bytes = bytes
            self.last = last
        }

        var json: JSONValue {
            let value: JSONValue = [
                "bytes": .integer(bytes), "days_of_aggregates": days > 0 ? .integer(days) : .null,
                "destination": .string(destination), "last": .string(last), "rows": .integer(rows),
                "transfers": .integer(transfers),
            ]
            return value.withoutNulls
        }
    }

    /// The time for which scripts waited while a single event was recorded.
    package struct Cost: Equatable, Sendable {
        /// The number of measured calls, each of which recorded one event.
        package let calls: Int
        /// The median of the waiting times, in microseconds.
        package let p50: Int
        /// The 99th percentile of the waiting times, in microseconds.
        package let p99: Int

        package init(calls: Int, p50: Int, p99: Int) {
            self.calls = calls
            self.p50 = p50
            self.p99 = p99
        }
    }

    let recording: RecordingPolicy
    let folder: String
    let bytes: Int
    let eventCounters: EventCounters
    /// The user's settings, even if the environment or a `.nexus-telemetry-off` file overrides them.
    package var settings = Settings()
    /// The reason why the key is unusable; nil when the key is usable or does not exist yet.
    package var keyProblem: String?
    /// The beginning of the oldest 15-minute bucket with events, in milliseconds since 1970; nil without events.
    package var since: Int64?
    /// The number of sessions, including sessions whose rows retention removed.
    package var sessions = 0
    /// Nil when no single event has been recorded yet.
    package var cost: Cost?
    package var sent: [Sent] = []
    /// The reason why the list of transfers is unreliable; nil when it is reliable.
    package var sentProblem: String?
    /// The state of the service; nil if no service ever ran.
    package var service: String?

    /// Number of rows in the database, recorded and imported.
    private var events: Int {
        eventCounters.stored + eventCounters.imported - eventCounters.purged - eventCounters.expired
    }

    /// `bytes` is the size of the data folder.
    package init(recording: RecordingPolicy, folder: String, bytes: Int, eventCounters: EventCounters) {
        self.recording = recording
        self.folder = folder
        self.bytes = bytes
        self.eventCounters = eventCounters
    }

    /// Reads the values of the data folder. The caller adds the cost of recording, the transfers, the problem of the
    /// key and the state of the service.
    package init(of data: DataFolder) throws {
        self.init(
            recording: try .current(for: data), folder: data.folder.path, bytes: try data.folder.size(),
            eventCounters: try EventCounters.current(in: data))
        settings = try SettingsFile(data).load()
        guard let reader = try StoreReader(data: data) else { return }
        since = try reader.firstActivity()
        sessions = try reader.sessionCount()
    }

    /// Whether events were accepted.
    package var hasEvents: Bool { eventCounters.accepted > 0 }

    package var text: String {
        var lines = [
            "Recording:  " + recordingText + (settings.isRecordingOn ? "" : "; the setting is off"),
            "Data:       \(folder.escapedForDisplay) (\(NumberText.bytes(bytes)))",
            "Kept:       "
                + (settings.retentionDays.map { "rows for \($0.counted("day")), counts forever" } ?? "forever"),
        ]
        if let keyProblem { lines.insert("KEY:        \(keyProblem)", at: 2) }
        if let service { lines.append("Service:    \(service)") }
        if let since {
            lines.append("Since:      \(Self.localTime(since)) (\(LocalCalendar.zoneName.escapedForDisplay))")
        }
        lines += [
            "Events:     \(grouped(events)) in \(counted(sessions, "session"))",
            "Received:   \(grouped(eventCounters.received))",
            "Accepted:   \(grouped(eventCounters.accepted))",
            "Rejected:   \(grouped(eventCounters.rejected))",
        ]
        lines += eventCounters.rejectedByReason.map { "              \(grouped($0.count)) \($0.reason.name)" }
        lines += [
            "Stored:     \(grouped(eventCounters.stored))",
            "Pending:    \(grouped(eventCounters.pending))" + pendingText,
        ]
        if eventCounters.imported > 0 {
            lines.append("Imported:   \(grouped(eventCounters.imported)) from snapshots, not recorded here")
        }
        if eventCounters.purged > 0 {
            lines.append("Removed:    \(grouped(eventCounters.purged)) by 'nexus telemetry purge'")
        }
        if eventCounters.expired > 0 {
            lines.append("Expired:    \(grouped(eventCounters.expired)) removed by retention")
        }
        if eventCounters.droppedFields > 0 {
            lines.append(
                "Dropped:    " + counted(eventCounters.droppedFields, "field")
                    + " (unknown, or a name that no key could hash)")
        }
        if eventCounters.cutCommands > 0 {
            lines.append("Truncated:  \(counted(eventCounters.cutCommands, "command")) (arguments left out)")
        }
        if eventCounters.redactedValues > 0 {
            lines.append("Redacted:   " + counted(eventCounters.redactedValues, "suspected secret"))
        }
        if eventCounters.droppedEvents > 0 {
            lines.append(
                "Overflow:   \(counted(eventCounters.droppedEvents, "event")) dropped by programs with a full buffer, not received"
            )
        }
        if eventCounters.tornRecords > 0 {
            lines.append(
                "Torn:       \(counted(eventCounters.tornRecords, "record")) of killed writers, never acknowledged")
        }
        if eventCounters.damagedRecords > 0 {
            lines.append(
                "Damaged:    \(counted(eventCounters.damagedRecords, "record")) lost to corruption on the disk")
        }
        if let cost {
            lines.append(
                "Cost:       p50 \(grouped(cost.p50)) µs, p99 \(grouped(cost.p99)) µs in the last \(counted(cost.calls, "call"))"
            )
        }
        lines += sent.map {
            "Sent:       \($0.days > 0 ? "aggregates" : counted($0.rows, "row")) (\(counted($0.bytes, "byte"))) in "
                + "\(counted($0.transfers, "transfer")) to "
                + "\($0.destination.escapedForDisplay), last \(Self.localTime($0.last))"
        }
        if let sentProblem {
            lines.append("SENT:       unknown, as the ledger of transfers was altered: \(sentProblem)")
        } else if sent.isEmpty {
            lines.append("Sent:       never")
        }
        lines.append(
            eventCounters.balance
                ? "0 lost: received = accepted + rejected, accepted = stored + pending."
                : "COUNTERS DIFFER: accepted and stored + pending are not equal; run 'nexus doctor'.")
        return lines.joined(separator: "\n") + "\n"
    }

    /// The report as JSON. Keys without a value are left out.
    package var json: JSONValue {
        let reasons = eventCounters.rejectedByReason.map { ($0.reason.name, JSONValue.integer($0.count)) }.sorted {
            $0.0 < $1.0
        }
        let value: JSONValue = [
            "accepted": .integer(eventCounters.accepted), "balance": .bool(eventCounters.balance),
            "bytes": .integer(bytes),
            "cost_microseconds": cost.map {
                ["calls": .integer($0.calls), "p50": .integer($0.p50), "p99": .integer($0.p99)]
            }
                ?? .null,
            "cut_commands": .integer(eventCounters.cutCommands),
            "damaged_records": .integer(eventCounters.damagedRecords),
            "data_folder": .string(folder), "dropped_events": .integer(eventCounters.droppedEvents),
            "dropped_fields": .integer(eventCounters.droppedFields),
            "events": .integer(events),
            "expired": .integer(eventCounters.expired),
            "imported": .integer(eventCounters.imported), "key_problem": .string(keyProblem),
            "pending": .integer(eventCounters.pending),
            "preference": .string(settings.isRecordingOn ? "on" : "off"), "purged": .integer(eventCounters.purged),
            "reason": .string(reason), "redacted_values": .integer(eventCounters.redactedValues),
            "received": .integer(eventCounters.received), "recording": .bool(recording == .on),
            "rejected": .integer(eventCounters.rejected),
            "rejected_by_reason": .object(reasons.map(JSONValue.Member.init)),
            "retention_days": .integer(settings.retentionDays), "schema": .integer(1), "sent": .array(sent.map(\.json)),
            "sent_problem": .string(sentProblem), "sessions": .integer(sessions),
            "since": .string(since.map(Timestamp.rfc3339)), "stored": .integer(eventCounters.stored),
            "torn_records": .integer(eventCounters.tornRecords),
        ]
        return value.withoutNulls
    }

    private var reason: String? {
        if case .off(let reason) = recording { reason } else { nil }
    }

    private var pendingText: String {
        guard eventCounters.pending > 0 else { return "" }
        return recording == .on
            ? " (in the buffer; 'nexus flush' stores them)" : " (in the buffer, until recording is on again)"
    }

    private func grouped(_ number: Int) -> String { NumberText.grouped(number) }

    private func counted(_ number: Int, _ noun: String) -> String { NumberText.counted(number, noun) }

    /// Returns the local day and time.
    private static func localTime(_ time: Int64) -> String {
        LocalCalendar.day(of: time).text + " " + LocalCalendar.timeOfDay(of: time)
    }

    /// Returns the local day and time of a time in the ledger. A text that is not a time is returned escaped.
    private static func localTime(_ text: String) -> String {
        Timestamp.parse(Array(text.utf8).span).map { localTime($0) } ?? text.escapedForDisplay
    }

    private var recordingText: String { reason.map { "off (\($0.escapedForDisplay))" } ?? "on" }
}
