package import GRDB

/// Which installation a database belongs to, and where its rows come from.
///
/// A row is known everywhere by the installation that recorded it and its id there. Both never change, so that a row
/// that arrives twice, over whatever detours, is stored once.
package struct InstallationID: Equatable, Hashable, Sendable {
    /// Thirty-two random hexadecimal digits in lower case. They tell nothing about the person or the machine.
    package let id: String

    /// Nil when the text is not such digits.
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

    /// The installation whose database this is; nil in one of a version that had none.
    package static func current(in database: Database) throws -> InstallationID? {
        guard try database.tableExists("installation") else { return nil }
        return try String.fetchOne(database, sql: "SELECT id FROM installation").flatMap(InstallationID.init)
    }

    /// Gives the database another id, inside a transaction of the caller's. Rows recorded under the old one keep it as
    /// where they come from, so that a snapshot taken before and one taken after still hold the same rows.
    package static func renew(in database: Database) throws {
        if let old = try current(in: database) {
            let last = try RowIDs.highest(of: .events, in: database)
            try RowProvenance.nameUnnamed(upTo: last, installation: old, in: database)
        }
        try database.execute(sql: "UPDATE installation SET id = lower(hex(randomblob(16)))")
    }
}
