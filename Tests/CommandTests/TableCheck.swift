import Testing

extension Program {
    /// Expects that rollups, sessions and counters are what a recount gives, and the database whole.
    func checkTables() throws {
        #expect(try query("PRAGMA integrity_check") == "ok")
        #expect(
            try query("SELECT count(*), total(success), total(NOT success) FROM events")
                == query("SELECT CAST(total(events) AS INTEGER), total(succeeded), total(failed) FROM activity_rollup"))
        #expect(
            try query("SELECT total(event_type = 'command'), total(success = 0) FROM events")
                == query("SELECT total(commands_executed), total(errors_encountered) FROM sessions"))
        #expect(
            try query("SELECT count(*) FROM events")
                == query(
                    "SELECT total(count) FILTER (WHERE name = 'stored') - total(count) FILTER (WHERE name <> 'stored') "
                        + "FROM counters WHERE name IN ('stored', 'purged', 'expired')"
                ).replacing(".0", with: ""))
        #expect(try run("telemetry", "status").output.contains("0 lost: received"))
        let doctor = try run("doctor")
        #expect(doctor.status == 0, "\(doctor.output)\(doctor.errors)")
    }
}
