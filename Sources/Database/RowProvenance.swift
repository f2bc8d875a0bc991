package import GRDB

/// The origin of rows of `events` that another installation recorded: the table `origins`.
///
/// A line covers the rows with the ids from `first` to `last`. It gives the installation that recorded them, and
/// their ids in that installation. Row `first` has the id `origin` there, row `first + 1` has `origin + 1`, and so on.
/// Lines do not overlap. This installation recorded the rows that have no line. A line stays when its rows are removed,
/// so that a row that is imported again gets the same id.
package struct RowProvenance: Sendable {
    /// A line of the table.
    package struct IDRange: Equatable, Sendable {
        package var first: Int64
        package var last: Int64
        package var installation: InstallationID
        /// The id of the row `first` in the installation that recorded it.
        package var origin: Int64

        package init(first: Int64, last: Int64, installation: InstallationID, origin: Int64) {
            self.first = first
            self.last = last
            self.installation = installation
            self.origin = origin
        }
    }

    /// The identity of a row in all databases.
    package struct Identity: Equatable, Sendable {
        package let installation: InstallationID
        package let id: Int64
    }

    /// The lines, ordered by `first`.
    package private(set) var ranges: [IDRange]
    /// For each installation, the indices of its lines in `ranges`, ordered by `origin`.
    private var byInstallation: [InstallationID: [Int]] = [:]

    package init(_ ranges: [IDRange] = []) {
        self.ranges = ranges
        for index in ranges.indices { byInstallation[ranges[index].installation, default: []].append(index) }
        for installation in byInstallation.keys {
            byInstallation[installation]?.sort { ranges[$0].origin < ranges[$1].origin }
        }
    }

    /// Reads the table; invalid lines are left out and counted in `damaged`.
    package static func read(from database: Database) throws -> (origins: RowProvenance, damaged: Int) {
        var ranges: [IDRange] = []
        var damaged = 0
        var end: Int64 = 0
        let rows = try Row.fetchCursor(
            database, sql: "SELECT first_id, last_id, installation, origin FROM origins ORDER BY first_id")
        while let row = try rows.next() {
            guard let first = Int64.fromDatabaseValue(row[0]), let last = Int64.fromDatabaseValue(row[1]),
                let name = String.fromDatabaseValue(row[2]), let installation = InstallationID(name),
                let origin = Int64.fromDatabaseValue(row[3]), first > end, last >= first, origin > 0,
                last <= Self.largestID, origin <= Self.largestID - (last - first)
            else {
                damaged += 1
                continue
            }
            end = last
            ranges.append(IDRange(first: first, last: last, installation: installation, origin: origin))
        }
        return (RowProvenance(ranges), damaged)
    }

    /// Largest valid id of a row. Every JSON reader reads numbers up to this limit exactly. At a million rows a second,
    /// an installation reaches the limit after 285 years.
    package static let largestID: Int64 = 1 << 53

    /// Returns the origin of the row with this id.
    /// - Parameter own: this installation, which recorded the rows that have no line.
    package func identity(of id: Int64, own: InstallationID) -> Identity {
        guard let range = range(holding: id) else { return Identity(installation: own, id: id) }
        return Identity(installation: range.installation, id: range.origin + (id - range.first))
    }

    /// Returns the id in this database of a row that another installation recorded; nil when the row was never
    /// imported.
    package func id(of identity: Identity) -> Int64? {
        guard let places = byInstallation[identity.installation] else { return nil }
        let index = places.partitioningIndex { ranges[$0].origin > identity.id }
        guard index > 0 else { return nil }
        let range = ranges[places[index - 1]]
        let offset = identity.id - range.origin
        return offset <= range.last - range.first ? range.first + offset : nil
    }

    /// Returns the highest id that `installation` gave to a row that was imported from it; 0 if there is no such row.
    func highestID(of installation: InstallationID) -> Int64 {
        (byInstallation[installation] ?? []).reduce(0) { highest, place in
            max(highest, ranges[place].origin + (ranges[place].last - ranges[place].first))
        }
    }

    private func range(holding id: Int64) -> IDRange? {
        let index = ranges.partitioningIndex { $0.first > id }
        guard index > 0, ranges[index - 1].last >= id else { return nil }
        return ranges[index - 1]
    }

    /// Records the identity of the row `id`. The id must be higher than all previous ids.
    package mutating func append(_ id: Int64, _ identity: Identity) {
        if var last = ranges.last, last.installation == identity.installation, last.last + 1 == id,
            last.origin + (id - last.first) == identity.id
        {
            last.last = id
            ranges[ranges.count - 1] = last
            return
        }
        let index = ranges.count
        ranges.append(IDRange(first: id, last: id, installation: identity.installation, origin: identity.id))
        let places = byInstallation[identity.installation, default: []]
        let place = places.partitioningIndex { ranges[$0].origin > identity.id }
        byInstallation[identity.installation, default: []].insert(index, at: place)
    }

    /// Writes the lines of `ranges` from `index` on. The table already has the lines before `index`.
    package func write(from index: Int, into database: Database) throws {
        for range in ranges[index...] {
            try database.cachedStatement(sql: "INSERT OR REPLACE INTO origins VALUES (?, ?, ?, ?)")
                .execute(arguments: [range.first, range.last, range.installation.id, range.origin])
        }
    }

    /// Adds lines for every id up to `last` that has no line. These lines name `installation`.
    static func nameUnnamed(upTo last: Int64, installation: InstallationID, in database: Database) throws {
        let origins = try read(from: database).origins
        var next: Int64 = 1
        var missing: [IDRange] = []
        for range in origins.ranges {
            if range.first > next {
                missing.append(IDRange(first: next, last: range.first - 1, installation: installation, origin: next))
            }
            next = range.last + 1
        }
        if next <= last {
            missing.append(IDRange(first: next, last: last, installation: installation, origin: next))
        }
        try RowProvenance(missing).write(from: 0, into: database)
    }
}

extension Array {
    /// Returns the first index from which every element meets `condition`.
    fileprivate func partitioningIndex(_ condition: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if condition(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// The installation that a database belongs to.
///
/// A row is identified everywhere by the installation that recorded it and by its id there. Neither of the two ever
/// changes. A row that arrives twice, by any route, is therefore stored once.
package struct InstallationID: Equatable, Hashable, Sendable {
    /// Thirty-two random hexadecimal digits in lower case. They reveal nothing about the user or the machine.
    package let id: String

    /// Nil unless the text is 32 hexadecimal digits in lower case.
    package init?(_ id: String) {
        let digits = id.utf8
        guard digits.count == 32,
            digits.allSatisfy({
                ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9"))
                    || ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "f"))
            })
        else { return nil }
        self.id = id
    }

    /// Returns the installation that the database belongs to. Nil if the stored id is not valid, or if the database's
    /// tables are older than installation ids.
    package static func current(in database: Database) throws -> InstallationID? {
        guard try database.tableExists("installation") else { return nil }
        return try String.fetchOne(database, sql: "SELECT id FROM installation").flatMap(InstallationID.init)
    }

    /// Gives the database a new installation id, inside the caller's transaction. The old installation id becomes the
    /// origin of existing rows. Each of these rows therefore has the same identity in snapshots from before and after
    /// the change.
    package static func renew(in database: Database) throws {
        if let old = try current(in: database) {
            let last = try RowIDs.highest(of: .events, in: database)
            try RowProvenance.nameUnnamed(upTo: last, installation: old, in: database)
        }
        try database.execute(sql: "UPDATE installation SET id = lower(hex(randomblob(16)))")
        // From here on, two copies of a data folder may import different entries of a history. Each history therefore
        // gets a new installation too.
        try database.execute(sql: "UPDATE histories SET installation = lower(hex(randomblob(16))), next_id = 1")
    }
}
