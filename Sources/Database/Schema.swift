import GRDB

/// The tables. `events` and `sessions` are a contract with the user: they have exactly these columns, and any SQLite
/// tool can read them. The other tables are internal to Nexus.
enum Schema {
    /// Bytes of a page, four times SQLite's default. A row takes about 200 bytes, and rows are appended. With larger
    /// pages, SQLite splits, checksums and writes fewer pages.
    static let pageBytes = 16 * 1024

    /// The migrations with derived tables that store nothing. They suffice to check which migrations a database has,
    /// and to create an empty database.
    static let migrator = migrator(derivedTables: NoDerivedTables())

    /// Returns the migrations.
    /// - Parameter derivedTables: the tables that a migration recomputes if it changes their content.
    static func migrator(derivedTables: any DerivedTables) -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: events, sessions, rollups") { database in
            try database.execute(sql: contract)
            try database.execute(sql: own)
        }
        migrator.registerMigration("2: what was used, with latency") { database in
            try database.execute(sql: usage)
            try database.execute(sql: combinations)
            try derivedTables.rebuild(in: database)
        }
        migrator.registerMigration("3: installation, origins") { database in
            try database.execute(sql: origins)
        }
        migrator.registerMigration("4: which store") { database in
            try database.execute(sql: store)
        }
        migrator.registerMigration("5: removal") { database in
            try database.execute(sql: removal)
        }
        migrator.registerMigration("6: which files") { database in
            try database.execute(sql: files)
        }
        migrator.registerMigration("7: segments that were stored") { database in
            try database.execute(sql: storedSegments)
        }
        migrator.registerMigration("8: length of the ledger") { database in
            try database.execute(sql: sentLedger)
        }
        migrator.registerMigration("9: naming versions, session ends") { database in
            try database.execute(sql: NamingVersion.table)
            try NamingVersion.begin(in: database)
            try SessionRecount.rebuild(in: database)
            // `derivedTables.rebuild` also writes `rollup_combinations`, so this table must exist already.
            try database.execute(sql: combinations)
            try derivedTables.rebuild(in: database)
        }
        migrator.registerMigration("10: events by all that a report filters by") { database in
            guard try !database.tableExists("rollup_combinations") else { return }
            try database.execute(sql: combinations)
            try database.execute(sql: uncombinedDays)
        }
        migrator.registerMigration("11: imported histories") { database in
            try database.execute(sql: HistoryTables.schema)
        }
        return migrator
    }

    /// Returns whether a database that lacks migrations is empty. If it is, a process is still creating its tables, or
    /// was killed while it created them. Each migration has its own transaction, so the database may have only some of
    /// the tables.
    static func isBegun(in database: Database) throws -> Bool {
        let tables = Set(try String.fetchAll(database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'"))
        guard tables.contains("events") else { return tables.isSubset(of: ["grdb_migrations"]) }
        return try ["events", "sessions", "counters"].allSatisfy { table in
            try tables.contains(table) && Row.fetchOne(database, sql: "SELECT 1 FROM \(table) LIMIT 1") == nil
        }
    }

    /// - `store`: one line, a random name for this database. Files that refer to row ids use the name to identify the
    ///   database. The name never leaves the data folder. It changes only when row ids restart, or when the data folder
    ///   was copied or restored.
    private static let store = """
        CREATE TABLE store (
            id TEXT NOT NULL
        );
        INSERT INTO store VALUES (lower(hex(randomblob(16))));
        """

    /// - `installation`: one line, the random id of this installation (see `InstallationID`).
    /// - `origins`: where imported rows come from (see `RowProvenance`).
    private static let origins = """
        CREATE TABLE installation (
            id TEXT NOT NULL
        );
        INSERT INTO installation VALUES (lower(hex(randomblob(16))));

        """ + originsTable

    /// The table `origins`, which snapshots have too.
    static let originsTable = """
        CREATE TABLE origins (
            first_id INTEGER PRIMARY KEY,
            last_id INTEGER NOT NULL,
            installation TEXT NOT NULL,
            origin INTEGER NOT NULL
        );
        """

    /// - `row_id_floors`: a line for each table, with the highest id that the table had ever assigned when rows were
    ///   last removed. The line prevents the reuse of ids (see `RowIDs`).
    /// - `purges`: one line if a purge has removed the rows and has not cleaned the files yet (see `SQLiteWriter.purge`
    ///   in `Maintenance`).
    private static let removal = """
        CREATE TABLE row_id_floors (
            name TEXT PRIMARY KEY,
            id INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE purges (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            renews_key BOOLEAN NOT NULL
        );
        """

    /// - `store_files`: one line, from which a writer detects that the data folder was copied or restored (see
    ///   `StoreFiles`).
    private static let files = """
        CREATE TABLE store_files (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            database_inode INTEGER NOT NULL,
            lock_inode INTEGER NOT NULL,
            lock_changed INTEGER NOT NULL
        );
        """

    /// - `stored_segments`: a line for each removed segment. It has the segment's id and the offset up to which the
    ///   segment was stored. The lines are numbered in the order of removal (see `BufferPositions`).
    private static let storedSegments = """
        CREATE TABLE stored_segments (
            number INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE,
            position INTEGER NOT NULL
        );
        """

    /// - `sent_ledger`: one line, the length of the egress ledger (see `LedgerNote`).
    private static let sentLedger = """
        CREATE TABLE sent_ledger (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            lines INTEGER NOT NULL,
            hash TEXT NOT NULL
        );
        """

    static let eventsTable = eventsTable(named: "events")

    /// Returns the definition of a table that has the columns of `events` and the given name.
    static func eventsTable(named name: String) -> String {
        """
        CREATE TABLE \(name) (
            id INTEGER PRIMARY KEY,
            timestamp DATETIME DEFAULT CURRENT_TIMESTAMP,
            session_id TEXT NOT NULL,
            event_type TEXT NOT NULL,
            workspace_hash TEXT,
            task_hash TEXT,
            command TEXT,
            duration_ms INTEGER,
            success BOOLEAN,
            error_category TEXT,
            template_used TEXT,
            services_count INTEGER,
            ports_used INTEGER
        );
        """
    }

    private static let sessionsTable = """
        CREATE TABLE sessions (
            id INTEGER PRIMARY KEY,
            session_id TEXT UNIQUE NOT NULL,
            started_at DATETIME,
            ended_at DATETIME,
            duration_ms INTEGER,
            commands_executed INTEGER,
            workspaces_created INTEGER,
            tasks_completed INTEGER,
            errors_encountered INTEGER
        );
        """

    static let contract = eventsTable + "\n" + sessionsTable

    /// - `rollup_combinations`: combinations of properties of events, each with a number. `usage_rollup` counts events
    ///   by these numbers, and reports with a filter read these counts (see `Combination` in `Rollups`).
    private static let combinations = """
        CREATE TABLE IF NOT EXISTS rollup_combinations (
            number INTEGER PRIMARY KEY,
            command INTEGER NOT NULL,
            workspace INTEGER NOT NULL,
            type INTEGER NOT NULL,
            outcome INTEGER NOT NULL,
            category INTEGER NOT NULL,
            template INTEGER NOT NULL,
            services INTEGER NOT NULL,
            ports INTEGER NOT NULL,
            UNIQUE (command, workspace, type, outcome, category, template, services, ports)
        );
        """

    /// Records that no stored event is counted by combination yet. After each later drain, `DerivedTables.catchUp`
    /// counts some of these events, one day at a time.
    private static let uncombinedDays = """
        INSERT INTO counters SELECT 'combinations_from_slot', (max(slot) / \(TimeBucket.perDay) + 1) * \(TimeBucket.perDay)
        FROM activity_rollup HAVING count(*) > 0;
        """

    /// The tables that migration 1 creates in addition to `contract`. Migration 2 replaces two of them (see `usage`).
    ///
    /// - `open_sessions`: sessions that are not over, and the time of their last event in milliseconds since 1970.
    /// - `activity_rollup`: counts of events per 15-minute bucket (UTC); `slot` is the number of the bucket since 1970.
    /// - `session_rollup`: the number and the total length of the sessions that started in each 15-minute bucket.
    /// - `buffer_positions`: the offset up to which each segment of the write-ahead buffer is stored.
    /// - `counters`: counts of events and rows by name (see `Counter`). The other lines have the number of a 15-minute
    ///   bucket or of a day (see `CompleteRows`, `CombinedDays` in `Rollups`, and `removeExpired` in `Maintenance`).
    private static let own = """
        CREATE TABLE open_sessions (
            session INTEGER PRIMARY KEY,
            last_event INTEGER NOT NULL
        );
        CREATE TABLE activity_rollup (
            slot INTEGER PRIMARY KEY,
            events INTEGER NOT NULL,
            commands INTEGER NOT NULL,
            workspaces_created INTEGER NOT NULL,
            tasks_completed INTEGER NOT NULL,
            succeeded INTEGER NOT NULL,
            failed INTEGER NOT NULL
        );
        CREATE TABLE session_rollup (
            slot INTEGER PRIMARY KEY,
            sessions INTEGER NOT NULL,
            duration_ms INTEGER NOT NULL
        );
        CREATE TABLE buffer_positions (
            segment INTEGER PRIMARY KEY,
            id BLOB NOT NULL,
            position INTEGER NOT NULL,
            is_damaged BOOLEAN NOT NULL
        );
        CREATE TABLE counters (
            name TEXT PRIMARY KEY,
            count INTEGER NOT NULL
        ) WITHOUT ROWID;
        """

    /// The tables that migration 2 replaces or adds.
    ///
    /// - `activity_rollup`: now also has, for each 15-minute bucket, the first and the last row id of its events.
    /// - `usage_rollup`: counts of events by command, workspace and other properties, with outcomes and durations (see
    ///   `RollupBlockID`, `RollupBlock`). It also has the lengths of sessions, so it replaces `session_rollup`.
    /// - `rollup_names`: the names that the numbers in `usage_rollup` refer to (see `RollupNameKind`).
    private static let usage = """
        DROP TABLE session_rollup;
        DROP TABLE activity_rollup;
        CREATE TABLE activity_rollup (
            slot INTEGER PRIMARY KEY,
            events INTEGER NOT NULL,
            commands INTEGER NOT NULL,
            workspaces_created INTEGER NOT NULL,
            tasks_completed INTEGER NOT NULL,
            succeeded INTEGER NOT NULL,
            failed INTEGER NOT NULL,
            first_row INTEGER NOT NULL,
            last_row INTEGER NOT NULL
        );
        CREATE INDEX sessions_by_start ON sessions (started_at);
        CREATE TABLE usage_rollup (
            id INTEGER PRIMARY KEY,
            cells BLOB NOT NULL
        );
        CREATE TABLE rollup_names (
            kind INTEGER NOT NULL,
            number INTEGER NOT NULL,
            name TEXT NOT NULL,
            PRIMARY KEY (kind, number),
            UNIQUE (kind, name)
        ) WITHOUT ROWID;
        """
}
