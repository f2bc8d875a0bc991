# shellcheck shell=bash
# A stream of events into the database, whole processes, beside what else takes one in.

bench_ingest() { ingest ingest "${1:-1000000}" "${2:-5}"; }

# Whether it stays so when there is much of it: without the peers that would take minutes, and without the buffer alone,
# which refuses to hold as much.
bench_ingest_large() { ingest ingest-large "${1:-20000000}" "${2:-2}"; }

ingest() {
    local section=$1 events=$2 runs=$3 run sizes
    sizes="$runs rounds of each in turn"
    [ "$section" = ingest-large ] || sizes+=", two with Python"
    begin "$section" "Ingest, $(amount "$events") events" "$sizes"
    require_compiled sqlite-loader -lsqlite3
    require_python_peers
    versions_of_peers
    nexus-fixtures --events "$events" >"$work/events.ndjson"
    # SQLite takes no empty text for an INTEGER PRIMARY KEY, so the rows come numbered.
    nexus-fixtures --events "$events" --csv | awk '{ print NR $0 }' >"$work/events.csv"
    for ((run = 0; run < runs; run++)); do
        record_stream
        import_csv
        load_rows loader50 50
        read_json
        [ "$section" = ingest ] || continue
        record_into_buffer
        load_rows loader1 1
        if ((run < 2)); then load_with_python; fi
        if ((run < 2)); then load_with_sqlite_utils; fi
    done
    ingest_rows
    finish
}

amount() {
    case "$1" in
    *000000) echo "${1%000000} million" ;;
    *) echo "$1" ;;
    esac
}

ingest_rows() {
    local shown=(--rate "$events" --unit events/s)
    [ "$section" != ingest ] || shown+=(--chart ingest)
    chart_of_ingest
    if measured buffer.wall; then row "nexus record --stdin, accepted" --of buffer.wall "${shown[@]}" --ours; fi
    row "nexus record --stdin, stored" --of nexus.wall "${shown[@]}" --ours
    row "C loader, 50 rows an INSERT" --of loader50.wall "${shown[@]}"
    ! measured loader1.wall || row "C loader, 1 row an INSERT" --of loader1.wall "${shown[@]}"
    if measured duckdb.wall; then row "DuckDB read_json" --of duckdb.wall "${shown[@]}"; fi
    row "sqlite3 .import of CSV" --of import.wall "${shown[@]}"
    if [ "$section" = ingest ]; then
        python_row python "Python json and sqlite3" "Python 3 is not installed"
        python_row sqlite_utils "sqlite-utils insert" "sqlite-utils cannot be had from PyPI"
    fi
    row "speed / sqlite3 .import" --of import.wall --over nexus.wall --at-least 1.5
    if measured duckdb.wall; then row "speed / DuckDB read_json" --of duckdb.wall --over nexus.wall; fi
    row "speed / C loader, 50 rows an INSERT" --of loader50.wall --over nexus.wall
    if measured buffer.wall; then
        row "speed, accepted only / sqlite3 .import" --of import.wall --over buffer.wall --at-least 4
    fi
    row "processor time / C loader" --of nexus.cpu --over loader50.cpu
    row "processor time" --of nexus.cpu --unit s
    row "peak memory" --of nexus.memory --unit MiB --at-most 64
}

chart_of_ingest() {
    [ "$section" = ingest ] || return 0
    chart ingest "A stream into the database" \
        "events a second, whole process, $(amount "$events") events; more is better"
}

python_row() {
    if measured "$1.wall"; then row "$2" --of "$1.wall" "${shown[@]}"; else row "$2" --skipped "$3"; fi
}

# The whole way: decoded, checked, hashed, buffered, stored, counted.
record_stream() {
    rm -rf "$work/data"
    NEXUS_DATA_DIR=$work/data measure nexus sh -c "exec nexus record --stdin <'$work/events.ndjson'"
    [ "$(sqlite3 "$work/data/nexus.db" 'SELECT count(*) FROM events')" -eq "$events" ] || fail "not all events were stored."
    rm -rf "$work/data"
}

# The same stream where another process is the writer: it goes into the buffer and no further.
record_into_buffer() {
    rm -rf "$work/data"
    mkdir -p "$work/data"
    NEXUS_DATA_DIR=$work/data measure buffer flock "$work/data/writer.lock" \
        sh -c "exec nexus record --stdin <'$work/events.ndjson'"
    rm -rf "$work/data"
}

import_csv() {
    sqlite3 "$work/import.db" "$events_table"
    measure import sqlite3 "$work/import.db" '.mode csv' ".import $work/events.csv events"
    [ "$(sqlite3 "$work/import.db" 'SELECT count(*) FROM events')" -eq "$events" ] || fail "not all rows were imported."
    rm "$work/import.db"
}

# load_rows SERIES ROWS: the loader in C, with so many rows to an INSERT.
load_rows() {
    measure "$1" "$work/sqlite-loader" "$work/load.db" "$work/events.csv" "$events" "$2"
    rm "$work"/load.db*
}

read_json() {
    local program
    program=$(duckdb_program) || return 0
    measure duckdb "$program" "$work/duck.db" \
        "CREATE TABLE events AS SELECT * FROM read_json('$work/events.ndjson', format = 'newline_delimited')"
    rm "$work"/duck.db*
}

load_with_python() {
    command -v python3 >/dev/null || return 0
    measure python python3 "$repository/Benchmarks/Peers/python-loader.py" "$work/python.db" "$work/events.ndjson"
    rm "$work"/python.db*
}

load_with_sqlite_utils() {
    has_python_peer sqlite_utils || return 0
    measure sqlite_utils "$peers/bin/sqlite-utils" insert "$work/utils.db" events "$work/events.ndjson" --nl
    rm "$work"/utils.db*
}
