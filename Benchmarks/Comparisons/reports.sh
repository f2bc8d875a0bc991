# shellcheck shell=bash
# What a report costs over much and over little, beside DuckDB over its own table; whether its percentiles are right; and
# what the sums it reads cost the writer.

bench_reports() {
    local events=${1:-10000000} runs=${2:-9} few=10000 calls=20 duckdb
    begin reports "Reports over $(amount "$events") events" "$runs rounds of $calls calls in turn, fewer of what takes long"
    require_installed
    require_benchmark DrainCost
    require_python_peers
    versions_of_peers
    record_until_today "$few" "$work/few"
    record_until_today "$events" "$work/many"
    if duckdb=$(duckdb_program); then fill_duckdb; fi
    show_reports
    compare_percentiles
    cost_of_rollups
    reports_rows
    finish
}

# So many events of the last thirty days into a data folder.
record_until_today() {
    nexus-fixtures --events "$1" --until "$(date -u +%F)" | NEXUS_DATA_DIR=$2 nexus record --stdin 2>/dev/null
}

# The same rows as a table of DuckDB's own, times as times.
fill_duckdb() {
    nexus-fixtures --events "$events" --until "$(date -u +%F)" >"$work/events.ndjson"
    "$duckdb" "$work/duck.db" "CREATE TABLE events AS SELECT * REPLACE (timestamp::TIMESTAMP AS timestamp)
        FROM read_json('$work/events.ndjson', format = 'newline_delimited'); CHECKPOINT" >/dev/null
    rm "$work/events.ndjson"
}

show_reports() {
    local run
    for ((run = 0; run < runs; run++)); do
        NEXUS_DATA_DIR=$work/few per_call few "$calls" nexus stats --month
        NEXUS_DATA_DIR=$work/many per_call many "$calls" nexus stats --month
        [ -z "$duckdb" ] || per_call duckdb 3 group_with_duckdb
        ((run >= 3)) || per_call sqlite 1 group_with_sqlite
    done
}

# One list of the many that the dashboard has: the busiest commands of the last thirty days.
group_with_duckdb() {
    "$duckdb" -readonly "$work/duck.db" "SELECT command, count(*) AS n, count(*) FILTER (success), sum(duration_ms),
        approx_quantile(duration_ms, [0.5, 0.95, 0.99]) FROM events
        WHERE timestamp >= current_date::TIMESTAMP - INTERVAL 29 DAY GROUP BY command ORDER BY n DESC LIMIT 10"
}

# The same over the rows in SQLite, which has no percentiles.
group_with_sqlite() {
    sqlite3 -readonly "$work/many/nexus.db" "SELECT command, count(*) AS n, sum(success), sum(duration_ms) FROM events
        WHERE timestamp >= date('now', '-29 days') GROUP BY command ORDER BY n DESC LIMIT 10"
}

# How far the percentiles of every command are from the exact ones over the rows, those of nearest rank, in per cent.
compare_percentiles() {
    NEXUS_DATA_DIR=$work/many nexus stats --by command --json >"$work/commands.json"
    sqlite3 -readonly -separator ' ' "$work/many/nexus.db" "
        WITH durations AS (SELECT command, duration_ms AS ms, count(*) AS times FROM events
                WHERE command IS NOT NULL AND duration_ms IS NOT NULL GROUP BY 1, 2),
            ranks AS (SELECT command, ms, sum(times) OVER (PARTITION BY command ORDER BY ms) AS rank,
                sum(times) OVER (PARTITION BY command) AS count FROM durations),
            shares(key, share) AS (VALUES ('p50_ms', 50), ('p95_ms', 95), ('p99_ms', 99)),
            exact AS (SELECT command, key, min(ms) AS ms FROM ranks, shares
                WHERE rank * 100 >= count * share GROUP BY 1, 2),
            reported AS (SELECT json_extract(rows.value, '\$.name') AS command, shares.key,
                json_extract(rows.value, '\$.' || shares.key) AS ms
                FROM json_each(readfile('$work/commands.json'), '\$.rows') AS rows, shares)
        SELECT count(*), max(100.0 * abs(reported.ms - exact.ms) / max(exact.ms, 1)), count(reported.ms)
        FROM exact LEFT JOIN reported USING (command, key)" >"$work/error"
    read -r percentiles error found <"$work/error"
    [ "$percentiles" -eq "$found" ] || fail "of $percentiles percentiles, $found are in the report."
    sample error "$error"
}

# Drains the same million events with rollups and without them, in turn.
cost_of_rollups() {
    local run kind waiting=1000000
    nexus-fixtures --events "$waiting" >"$work/events.ndjson"
    for ((run = 0; run < runs; run++)); do
        for kind in with without; do
            rm -rf "$work/drained"
            mkdir "$work/drained"
            NEXUS_DATA_DIR=$work/drained flock "$work/drained/writer.lock" \
                nexus record --stdin <"$work/events.ndjson" 2>/dev/null
            sync --file-system "$work"
            sample "drain-$kind" "$("$benchmark" "$work/drained" "$kind" "$waiting")"
        done
    done
    rm -rf "$work/drained" "$work/events.ndjson"
}

reports_rows() {
    local ms=(--times 0.001 --unit ms) reason="DuckDB cannot be had from PyPI"
    chart reports "The last month of $(amount "$events") events" "milliseconds, whole process; less is better"
    row "nexus stats --month, $(amount "$few") events" --of few.call "${ms[@]}" --chart reports --ours
    row "nexus stats --month, $(amount "$events")" --of many.call "${ms[@]}" --at-most 25 --chart reports --ours
    if measured duckdb.call; then row "DuckDB, one group-by" --of duckdb.call "${ms[@]}" --chart reports; fi
    row "sqlite3, one group-by" --of sqlite.call "${ms[@]}"
    row "over $(amount "$events") / over $(amount "$few")" --of many.call --over few.call --at-most 1.3
    if measured duckdb.call; then
        row "nexus / DuckDB" --of many.call --over duckdb.call --at-most 0.1
    else
        row "nexus / DuckDB" --skipped "$reason" --at-most 0.1
    fi
    row "percentiles off the exact ones, the worst of $percentiles" --of error --unit % --at-most 1
    row "drain of 1 million with rollups" --of drain-with --unit s
    row "drain of 1 million without" --of drain-without --unit s
    row "rollups' part of the drain" --of drain-with --minus drain-without --over drain-with --times 100 --unit %
}
