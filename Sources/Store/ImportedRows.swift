import EventModel
import GRDB
import Platform

/// Rows that were recorded under ids of their own, here or elsewhere, ready to be taken in: their fields have passed the
/// rules that every event passes.
package struct ImportedRows: Sendable {
    /// Who recorded them.
    package let installation: Installation
    /// Payloads of events (see `EventRecord`), one behind the other.
    package private(set) var bytes: [UInt8] = []
    /// Their ids where they were recorded, and where each payload stands.
    private(set) var rows: [(id: Int64, place: Range<Int>)] = []

    package init(of installation: Installation) {
        self.installation = installation
    }

    package var count: Int { rows.count }

    /// Adds a row.
    package mutating func append(_ id: Int64, _ payload: Span<UInt8>) {
        let start = bytes.count
        bytes.append(payload)
        rows.append((id, start..<bytes.count))
    }
}

/// What an import did.
package struct ImportOutcome: Equatable, Sendable {
    /// Rows that are new here.
    package internal(set) var imported = 0
    /// Rows that were here already.
    package internal(set) var known = 0

    package init() {}
}

/// Decides under which id a row of a snapshot is stored here, and whether it is here already.
///
/// A row of this installation's own gets the id it had. A row of another's gets the id it once had here, else the next
/// that was never given.
struct ImportPlacing {
    private let own: Installation?
    private var origins: RowOrigins
    private let firstNewStretch: Int
    /// The highest id ever given.
    private var highest: Int64

    init(_ database: Database) throws {
        own = try Installation.current(in: database)
        origins = try RowOrigins.read(from: database).origins
        // The last line may grow, so it is written again.
        firstNewStretch = max(0, origins.stretches.count - 1)
        highest = try RowIDs.highest(of: .events, in: database)
    }

    /// The ids under which `rows` are to be stored, in their order; nil for those that are here.
    mutating func place(_ rows: ImportedRows, in database: Database) throws -> [Int64?] {
        let isOwn = rows.installation == own
        // Rows behind all that ever came from there are new; most are.
        var known = isOwn ? 0 : origins.highestID(of: rows.installation)
        var ids: [Int64?] = rows.rows.map { row in
            if isOwn { return row.id }
            return row.id > known ? nil : origins.id(of: .init(installation: rows.installation, id: row.id))
        }
        let given = ids.compactMap { $0 }
        var present: Set<Int64> = []
        if let low = given.min(), let high = given.max(), low <= highest {
            let found = try Int64.fetchCursor(
                database, sql: "SELECT id FROM events WHERE id BETWEEN ? AND ?", arguments: [low, high])
            while let id = try found.next() { present.insert(id) }
        }
        for index in ids.indices {
            if let id = ids[index] {
                if !present.insert(id).inserted { ids[index] = nil }
                highest = max(highest, id)
            } else {
                let identity = RowOrigins.Identity(installation: rows.installation, id: rows.rows[index].id)
                // A made-up snapshot may have the same row twice.
                guard identity.id > known || origins.id(of: identity) == nil else { continue }
                known = max(known, identity.id)
                highest += 1
                ids[index] = highest
                origins.append(highest, identity)
            }
        }
        return ids
    }

    /// Writes where the rows come from, before the transaction ends.
    func finish(in database: Database) throws {
        try origins.write(from: firstNewStretch, into: database)
    }
}
