import Core
import GRDB
import SystemSupport

/// Rows to import, with the ids under which this or another installation recorded them. Their fields have passed the
/// validation that every event passes.
package struct ImportedRows: Sendable {
    /// The installation that recorded the rows.
    package let installation: InstallationID
    /// Payloads of events (see `EventRecord`), concatenated.
    package private(set) var bytes: [UInt8] = []
    /// The ids that the recording installation gave to the rows, and the range of each payload in `bytes`.
    private(set) var rows: [PlacedRow] = []

    package init(of installation: InstallationID) {
        self.installation = installation
        rows.reserveCapacity(Limits.snapshotRows)
        bytes.reserveCapacity(Limits.snapshotRows * Self.usualBytes)
    }

    /// Expected bytes of an event's payload. The number is slightly above the usual size, because growing the array
    /// repeatedly costs as much as filling it.
    private static let usualBytes = 160

    package var count: Int { rows.count }

    /// Adds a row.
    package mutating func append(_ id: Int64, _ payload: Span<UInt8>) {
        let start = bytes.count
        bytes.append(payload)
        rows.append(PlacedRow(id: id, place: start..<bytes.count))
    }

    /// Removes the rows before a time, in milliseconds since 1970. Returns how many it removed.
    mutating func removeRows(before time: Int64) -> Int {
        let all = rows
        rows = all.filter { row in
            EventRecord(bytes.span.extracting(row.place)).map { $0.timestamp >= time } ?? false
        }
        return all.count - rows.count
    }

    /// Returns whether the ids ascend: the first is higher than `id`, and each further id is higher than the previous
    /// id.
    func ascend(from id: Int64) -> Bool {
        var last = id
        for row in rows {
            guard row.id > last else { return false }
            last = row.id
        }
        return true
    }
}

/// The id of a row, and the range of its payload in the bytes of `ImportedRows`.
struct PlacedRow: Sendable {
    let id: Int64
    let place: Range<Int>
}

/// The result of an import.
package struct ImportOutcome: Equatable, Sendable {
    /// Rows that this database did not have yet.
    package internal(set) var imported = 0
    /// Rows that this database had already.
    package internal(set) var known = 0
    /// Rows that were skipped, because retention has removed all rows of their days. The aggregates of those days do
    /// not change.
    package internal(set) var expired = 0

    package init() {}
}

/// Decides under which id this database stores an imported row, and whether it has the row already.
///
/// A row of this installation keeps its id. A row of another installation keeps the id that an earlier import gave it
/// in this database. If there was no earlier import of the row, it gets the next unused id.
struct ImportPlacing {
    private let own: InstallationID?
    private var origins: RowProvenance
    private let firstNewRange: Int
    /// The highest id that was ever assigned.
    private var highest: Int64
    /// The highest id that was assigned before the import. No row that this installation recorded can have a higher id.
    private let highestBefore: Int64

    init(_ database: Database) throws {
        own = try InstallationID.current(in: database)
        origins = try RowProvenance.read(from: database).origins
        // New rows may extend the last range of `origins`, so `finish` writes that range again.
        firstNewRange = max(0, origins.ranges.count - 1)
        highest = try RowIDs.next(of: .events, in: database) - 1
        highestBefore = highest
    }

    /// Returns the rows that the table does not have yet, with the ids under which to store them, in ascending order.
    ///
    /// - Parameter present: returns the ids of a range that are in the table. They include the ids of rows that this
    ///   import has already stored.
    /// - Throws: `StoreError.neverRecorded` for a row that claims to be of this installation and has an id that was
    ///   never assigned. Such a row could exhaust the ids, or take the id of a later event.
    mutating func place(
        _ rows: ImportedRows, present: (ClosedRange<Int64>) throws -> Set<Int64>
    ) throws -> [PlacedRow] {
        let isOwn = rows.installation == own
        if isOwn, let row = rows.rows.first(where: { $0.id > highestBefore }) {
            throw StoreError.neverRecorded(id: row.id, highest: highestBefore)
        }
        if !isOwn, rows.ascend(from: origins.highestID(of: rows.installation)) { return placeNew(rows) }
        return try placeAmongKnown(rows, isOwn: isOwn, present: present)
    }

    /// Places rows whose ids are higher than all ids that were imported from their installation before. This is the
    /// usual case.
    private mutating func placeNew(_ rows: ImportedRows) -> [PlacedRow] {
        rows.rows.map { row in
            highest += 1
            origins.append(highest, .init(installation: rows.installation, id: row.id))
            return PlacedRow(id: highest, place: row.place)
        }
    }

    private mutating func placeAmongKnown(
        _ rows: ImportedRows, isOwn: Bool, present: (ClosedRange<Int64>) throws -> Set<Int64>
    ) throws -> [PlacedRow] {
        let ids = rows.rows.map { row in
            isOwn ? row.id : origins.id(of: .init(installation: rows.installation, id: row.id))
        }
        let given = ids.compactMap { $0 }
        var here: Set<Int64> = []
        if let low = given.min(), let high = given.max(), low <= highest { here = try present(low...high) }
        var placed: [PlacedRow] = []
        for (row, id) in zip(rows.rows, ids) {
            let identity = RowProvenance.Identity(installation: rows.installation, id: row.id)
            // A forged snapshot may contain the same row twice. If so, `origins` has the id that the row got at its
            // first occurrence.
            if let id = id ?? origins.id(of: identity) {
                guard here.insert(id).inserted else { continue }
                placed.append(PlacedRow(id: id, place: row.place))
            } else {
                highest += 1
                origins.append(highest, identity)
                here.insert(highest)
                placed.append(PlacedRow(id: highest, place: row.place))
            }
        }
        // The ids may be out of order, because a row that was removed gets its old id when it is imported again.
        return placed.sorted { $0.id < $1.id }
    }

    /// Writes the origins of the placed rows. The caller must call it before the transaction ends.
    func finish(in database: Database) throws {
        try origins.write(from: firstNewRange, into: database)
    }
}
