# shellcheck shell=bash
# Export beside `sqlite3 .backup` and `lz4 -1`; import beside a stream; recording while exports run.

bench_snapshot() {
    local events=${1:-7000000} runs=${2:-5} part=1000000 calls=1000
    ((events >= part)) || part=$events
    begin snapshot "Snapshots of $(amount "$events") events" "$runs rounds of each in turn"
    require_installed
    require_packages lz4
    version lz4 "$(lz4 --version 2>&1 | sed -n 's/.*\bv\([0-9.]*\).*/\1/p')"
    nexus-fixtures --events "$events" | NEXUS_DATA_DIR=$work/full nexus record --stdin 2>/dev/null
    sample size "$(stat -c %s "$work/full/nexus.db")"
    export_in_turn
    open_with_others
    import_in_turn
    NEXUS_DATA_DIR=$work/full measure verify nexus verify "$work/snapshot.lz4"
    record_beside_exports
    snapshot_rows
    finish
}

export_in_turn() {
    local run
    for ((run = 0; run < runs; run++)); do
        back_up
        rm -f "$work/snapshot.lz4"
        NEXUS_DATA_DIR=$work/full measure export nexus export -o "$work/snapshot.lz4"
    done
}

# What one would do without Nexus: a consistent copy, and then pack it.
back_up() {
    measure backup sh -c "sqlite3 '$work/full/nexus.db' \".backup '$work/backup.db'\" &&
        lz4 -1 -q -f '$work/backup.db' '$work/backup.db.lz4'"
    rm -f "$work"/backup.db*
}

# The tools that one has open what was exported, and its size is that of lz4 with the same content.
open_with_others() {
    local content=$work/content.db
    lz4 -t -q "$work/snapshot.lz4" || fail "lz4 does not open the snapshot."
    lz4 -d -q -f "$work/snapshot.lz4" "$content"
    [ "$(sqlite3 "$content" 'PRAGMA integrity_check')" = ok ] || fail "the snapshot's database is not whole."
    [ "$(sqlite3 "$content" 'SELECT count(*) FROM events')" -eq "$events" ] || fail "not all rows were exported."
    lz4 -1 -q -f "$content" "$content.lz4"
    sample ours "$(stat -c %s "$work/snapshot.lz4")"
    sample theirs "$(stat -c %s "$content.lz4")"
    rm "$content" "$content.lz4"
    sample opened 100
}

# The same events as a snapshot, as a stream, and as CSV into SQLite.
import_in_turn() {
    local run
    nexus-fixtures --events "$part" >"$work/events.ndjson"
    nexus-fixtures --events "$part" --csv | awk '{ print NR $0 }' >"$work/events.csv"
    for ((run = 0; run < runs; run++)); do
        rm -rf "$work/data" "$work/imported"
        NEXUS_DATA_DIR=$work/data measure stream sh -c "exec nexus record --stdin <'$work/events.ndjson'"
        [ -e "$work/part.lz4" ] || NEXUS_DATA_DIR=$work/data nexus export -o "$work/part.lz4"
        NEXUS_DATA_DIR=$work/imported measure import nexus import "$work/part.lz4"
        [ "$(sqlite3 "$work/imported/nexus.db" 'SELECT count(*) FROM events')" -eq "$part" ] ||
            fail "not all rows came in."
        sqlite3 "$work/csv.db" "$events_table"
        measure csv sqlite3 "$work/csv.db" '.mode csv' ".import $work/events.csv events"
        rm "$work/csv.db"
    done
}

# Recording while exports run one after the other, in turn with recording alone.
record_beside_exports() {
    local run exports
    for ((run = 0; run < runs; run++)); do
        time_calls alone 0
        : >"$work/exporting"
        while [ -e "$work/exporting" ]; do
            NEXUS_DATA_DIR=$work/full nexus export -o "$work/beside.lz4" 2>/dev/null || break
            echo >>"$work/exported"
        done &
        exports=$!
        time_calls beside 2
        rm "$work/exporting"
        wait "$exports"
    done
}

# time_calls SERIES EXPORTS: adds the milliseconds that 99 of 100 events, recorded one by one, do not exceed: of so many, and of
# more until so many exports have ended.
time_calls() {
    local start end call=0
    : >"$work/exported"
    until ((call >= calls)) && [ "$(wc -l <"$work/exported")" -ge "$2" ]; do
        ((++call <= 100 * calls)) || fail "no export ends."
        start=${EPOCHREALTIME/./}
        NEXUS_DATA_DIR=$work/full nexus-record --command make --success || fail "an event was not recorded."
        end=${EPOCHREALTIME/./}
        echo $((end - start))
    done >"$work/calls"
    sample "$1" "$(percentile 99 "$work/calls" | awk '{ print $1 / 1000 }')"
}

snapshot_rows() {
    chart snapshot "A snapshot of $(amount "$events") events, consistent and packed" \
        "seconds, whole process; less is better"
    row "size of the database" --of size --times 1e-6 --unit MB
    row "nexus export" --of export.wall --unit s --chart snapshot --ours
    row "sqlite3 .backup, lz4 -1" --of backup.wall --unit s --chart snapshot
    row "export / .backup and lz4" --of export.wall --over backup.wall --at-most 0.7
    row "size / lz4 -1 of the same content" --of ours --over theirs --at-most 1.02
    row "opened by lz4 -t and sqlite3" --of opened --unit % --at-least 100
    row "export, peak memory" --of export.memory --unit MiB --at-most 64
    row "nexus import of $(amount "$part") events" --of import.wall --unit s
    row "nexus record --stdin of the same" --of stream.wall --unit s
    row "sqlite3 .import of the same rows as CSV" --of csv.wall --unit s
    row "speed of import / sqlite3 .import" --of csv.wall --over import.wall --at-least 1.2
    row "speed of import / record --stdin" --of stream.wall --over import.wall
    row "import, peak memory" --of import.memory --unit MiB --at-most 64
    row "verify, peak memory" --of verify.memory --unit MiB --at-most 64
    row "recording one event, p99" --of alone --unit ms
    row "the same while exports run" --of beside --unit ms
    row "p99 beside exports / alone" --of beside --over alone --at-most 2
}
