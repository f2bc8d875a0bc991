# shellcheck shell=bash
# What reports cost: over much and over little, with every filter, beside DuckDB over its own table; and whether their percentiles
# are right. What the aggregates that they read cost the writer, and on disk.

# The questions, a line each: a name, what it is called in the table, the most that it may take in terms of the plain dashboard,
# and the command. @workspace@ is the hash of the busiest workspace.
report_questions='
plain       |nexus stats --month                                          |    |stats --month
command     |--command "cargo build"                                      |2.5 |stats --month --command cargo\ build
prefix      |--command git                                                |2.5 |stats --month --command git
failed      |--failed                                                     |2.5 |stats --month --failed
workspace   |--workspace W                                                |2.5 |stats --month --workspace @workspace@
all-filters |--command "cargo build" --failed --workspace W               |2.5 |stats --month --command cargo\ build --failed --workspace @workspace@
task        |--by task                                                    |2.5 |stats --month --by task
day         |--by day --command "cargo build"                             |2.5 |stats --month --by day --command cargo\ build
hour        |--by hour --workspace W                                      |2.5 |stats --month --by hour --workspace @workspace@
by-workspace|--by workspace --failed                                      |2.5 |stats --month --by workspace --failed
session     |--by session                                                 |2.5 |stats --month --by session
runs        |nexus runs --month --failed                                  |2.5 |runs --month --failed
compare     |nexus compare 7d                                             |2.5 |compare 7d
insights    |nexus insights --month                                       |12  |insights --month
insights-in |nexus insights --month --workspace W                         |12  |insights --month --workspace @workspace@
page        |nexus report --month                                         |12  |report --month -o @work@/page.html
'

bench_reports() {
    local events=${1:-10000000} runs=${2:-9} few=10000 calls=3 duckdb
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
    measure_disk
    cost_of_rollups
    reports_rows
    finish
}

# The section of its own for a hundred million events: 15 GB on disk, and as much time as recording them takes.
bench_reports_large() {
    local events=${1:-100000000} runs=${2:-5} less=10000000 calls=3
    begin reports-large "Reports over $(amount "$events") events" "$runs rounds of $calls calls in turn"
    require_installed
    record_until_today "$less" "$work/less"
    record_until_today "$events" "$work/many"
    local run name folder
    for ((run = 0; run < runs; run++)); do
        for name in plain command failed workspace; do
            for folder in less many; do time_question "$folder" "$name"; done
        done
    done
    local label
    for name in plain command failed workspace; do
        label=$(question "$name" 2)
        row "$label, $(amount "$events")" --of "many.$name.call" --times 0.001 --unit ms
        row "$label, over $(amount "$less")" --of "many.$name.call" --over "less.$name.call" --at-most 1.5
    done
    finish
}

# So many events of the last thirty days into a data folder.
record_until_today() {
    nexus-fixtures --events "$1" --until "$(date -u +%F)" | NEXUS_DATA_DIR=$2 nexus record --stdin 2>/dev/null
    NEXUS_DATA_DIR=$2 nexus flush >/dev/null
}

# The same rows as a table of DuckDB's own, times as times.
fill_duckdb() {
    nexus-fixtures --events "$events" --until "$(date -u +%F)" >"$work/events.ndjson"
    "$duckdb" "$work/duck.db" "CREATE TABLE events AS SELECT * REPLACE (timestamp::TIMESTAMP AS timestamp)
        FROM read_json('$work/events.ndjson', format = 'newline_delimited'); CHECKPOINT" >/dev/null
    rm "$work/events.ndjson"
}

# question NAME COLUMN: a column of a question, without the spaces around it.
question() { awk -F '|' -v name="$1" -v column="$2" '{ gsub(/^ +| +$/, "", $1) } $1 == name { gsub(/^ +| +$/, "", $column); print $column }' <<<"$report_questions"; }

questions() { awk -F '|' 'NF > 1 { gsub(/ /, "", $1); print $1 }' <<<"$report_questions"; }

# The hash of the workspace with the most events of a data folder.
busiest_workspace() {
    NEXUS_DATA_DIR=$1 nexus stats --by workspace --json | sed -n 's/.*"name" *: *"\([0-9a-f]*\)".*/\1/p' | head -n 1
}

# time_question FOLDER NAME: the time of a question over the events of a folder.
time_question() {
    local line words
    line=$(question "$2" 4)
    line=${line//@workspace@/$(cat "$work/$1.workspace" 2>/dev/null || busiest_workspace "$work/$1" | tee "$work/$1.workspace")}
    line=${line//@work@/$work}
    eval "words=($line)"
    NEXUS_DATA_DIR=$work/$1 per_call "$1.$2" "$calls" nexus "${words[@]}"
}

show_reports() {
    local run name workspace_name
    for ((run = 0; run < runs; run++)); do
        for name in $(questions); do
            time_question few "$name"
            time_question many "$name"
        done
        if [ -n "$duckdb" ]; then
            per_call duckdb.plain 3 group_with_duckdb true
            per_call duckdb.command 3 group_with_duckdb "command = 'cargo build'"
            per_call duckdb.failed 3 group_with_duckdb "NOT success"
            : "${workspace_name:=$("$duckdb" -readonly "$work/duck.db" -noheader -list \
                'SELECT workspace FROM events WHERE workspace NOT NULL GROUP BY 1 ORDER BY count(*) DESC LIMIT 1')}"
            per_call duckdb.workspace 3 group_with_duckdb "workspace = '$workspace_name'"
        fi
        ((run >= 3)) || per_call sqlite 1 group_with_sqlite
    done
}

# One list of the many that the dashboard has: the busiest commands of the last thirty days, of the events for which a condition
# holds.
group_with_duckdb() {
    "$duckdb" -readonly "$work/duck.db" "SELECT command, count(*) AS n, count(*) FILTER (success), sum(duration_ms),
        approx_quantile(duration_ms, [0.5, 0.95, 0.99]) FROM events
        WHERE timestamp >= current_date::TIMESTAMP - INTERVAL 29 DAY AND $1 GROUP BY command ORDER BY n DESC LIMIT 10"
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

# The size of the aggregates for filters (kinds 13 and 14 of `RollupKind`), in per cent of the rows'.
measure_disk() {
    sample disk "$(sqlite3 -readonly "$work/many/nexus.db" "
        SELECT 100.0 * (SELECT sum(length(cells) + 12) FROM usage_rollup WHERE (id >> 22) & 31 >= 13)
            / (SELECT sum(pgsize) FROM dbstat WHERE name = 'events')")"
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
    local ms=(--times 0.001 --unit ms) reason="DuckDB cannot be had from PyPI" name label most
    chart reports "The last month of $(amount "$events") events" "milliseconds, whole process; less is better"
    row "nexus stats --month, $(amount "$few") events" --of few.plain.call "${ms[@]}" --chart reports --ours
    for name in $(questions); do
        label=$(question "$name" 2)
        most=$(question "$name" 3)
        case "$name" in
        plain | command | failed | workspace) row "$label" --of "many.$name.call" "${ms[@]}" --chart reports --ours ;;
        *) row "$label" --of "many.$name.call" "${ms[@]}" ;;
        esac
        [ -z "$most" ] || row "$label / plain" --of "many.$name.call" --over many.plain.call --at-most "$most"
        row "$label / over $(amount "$few")" --of "many.$name.call" --over "few.$name.call" --at-most 2
    done
    if measured duckdb.plain.call; then row "DuckDB, one group-by" --of duckdb.plain.call "${ms[@]}" --chart reports; fi
    row "sqlite3, one group-by" --of sqlite.call "${ms[@]}"
    for name in plain command failed workspace; do
        if measured duckdb.plain.call; then
            row "$(question "$name" 2) / DuckDB" --of "many.$name.call" --over "duckdb.$name.call" --at-most 0.2
        else
            row "$(question "$name" 2) / DuckDB" --skipped "$reason" --at-most 0.2
        fi
    done
    row "percentiles off the exact ones, the worst of $percentiles" --of error --unit % --at-most 1
    row "aggregates for filters on disk, of the rows" --of disk --unit % --at-most 10
    row "drain of 1 million with rollups" --of drain-with --unit s
    row "drain of 1 million without" --of drain-without --unit s
    row "rollups' part of the drain" --of drain-with --minus drain-without --over drain-with --times 100 --unit %
}
