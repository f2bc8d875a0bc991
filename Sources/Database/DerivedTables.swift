package import Core
package import GRDB

/// Tables that are computed from events and sessions. They change in the same transaction as the events and sessions.
/// The module `Database` does not know what the tables contain.
///
/// Observed events stay in memory until `flush`, so that observing an event needs no database.
package protocol DerivedTables: Sendable {
    /// Observes an event whose row the transaction inserts.
    /// - Parameters:
    ///   - type: nil for a type that this program does not know.
    ///   - payload: the bytes that the ranges of `record` refer to.
    mutating func observe(_ record: EventRecord, _ type: EventType?, _ payload: Span<UInt8>)

    /// Observes a session that the transaction writes.
    /// - Parameter old: the span that was observed for this session before and that `session` replaces; nil for a new
    ///   session.
    mutating func observe(_ session: SessionSpan, replacing old: SessionSpan?)

    /// Writes the observed changes. The caller must call it before the transaction ends.
    mutating func flush(into database: Database) throws

    /// Discards observed changes and every cached row, after a rollback or after rows were removed.
    mutating func abandon()

    /// Recomputes the tables from the rows, inside the caller's transaction. Migrations that change the content of the
    /// tables call it.
    func rebuild(in database: Database) throws

    /// Computes the aggregates that an earlier version of Nexus did not compute, for at most one day of events, inside
    /// the caller's transaction.
    /// - Returns: the share of the work that is done, 0 to 1; 1 when nothing is left.
    func catchUp(in database: Database) throws -> Double
}

/// The start of a session, in milliseconds since 1970, and its length.
package struct SessionSpan: Equatable, Sendable {
    package let startedAt: Int64
    package let durationMS: Int64
}

/// Derived tables that store nothing. They serve connections that only check the schema, and measurements of the cost
/// of real derived tables.
package struct NoDerivedTables: DerivedTables {
    package init() {}
    package mutating func observe(_ record: EventRecord, _ type: EventType?, _ payload: Span<UInt8>) {}
    package mutating func observe(_ session: SessionSpan, replacing old: SessionSpan?) {}
    package mutating func flush(into database: Database) throws {}
    package mutating func abandon() {}
    package func rebuild(in database: Database) throws {}
    package func catchUp(in database: Database) throws -> Double { 1 }
}

/// The parts of the writer that other modules implement. The module `Application` composes them.
package struct WriterParts: Sendable {
    package let derivedTables: any DerivedTables
    /// Finishes an operation that a killed process did not finish, for example a purge. The writer calls it before it
    /// stores any event.
    package let resume: @Sendable (DatabaseQueue, DataFolder) throws(StoreError) -> Void

    package init(
        derivedTables: any DerivedTables,
        resume: @escaping @Sendable (DatabaseQueue, DataFolder) throws(StoreError) -> Void
    ) {
        self.derivedTables = derivedTables
        self.resume = resume
    }
}
