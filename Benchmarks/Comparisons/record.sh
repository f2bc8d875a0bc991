# shellcheck shell=bash
# Recording from scripts: one-shots, the pipe, exec, the socket, the library.

echo_server=

bench_record() {
    local calls=${1:-200} runs=${2:-9}
    begin record "Recording from scripts" "$runs rounds of $calls calls of each in turn, more of what is faster"
    require_installed
    require_packages bsdutils
    require_benchmark RecordLatency
    require_compiled unix-socket
    start_service "$work/served"
    "$work/unix-socket" serve "$work/echo" &
    echo_server=$!
    call_in_turn
    stop_service
    kill "$echo_server"
    wait "$echo_server" || true
    echo_server=
    record_rows
    finish
}

call_in_turn() {
    local run latency
    sqlite3 "$work/oneshot.db" "PRAGMA journal_mode = WAL; $events_table" >/dev/null
    export NEXUS_DATA_DIR=$work/oneshot
    for ((run = 0; run < runs; run++)); do
        per_call lean "$calls" nexus-record --command make --success
        # Without a syslog daemon logger fails, and does so faster than it succeeds: that is in its favour.
        per_call logger "$calls" logger make
        per_call true "$calls" /bin/true
        per_call exec "$calls" nexus exec -- /bin/true
        per_call sqlite "$calls" insert_with_sqlite
        print_events pipe "$work/served/pipe"
        await_stored "$work/served"
        print_events null /dev/null
        sample socket "$("$work/unix-socket" nexus "$work/served/socket" "$((calls * 5))")"
        await_stored "$work/served"
        sample echo "$("$work/unix-socket" echo "$work/echo" "$((calls * 25))")"
        latency=$("$benchmark")
        sample library "${latency% *}"
        sample write "${latency#* }"
    done
    unset NEXUS_DATA_DIR
    require_recorded "$work/oneshot" $((2 * calls * runs))
    # Fifty a call by the pipe, and by the socket five batches of a hundred.
    require_recorded "$work/served" $((550 * calls * runs))
}

# print_events SERIES TARGET: adds the mean microseconds of a script's line that prints an event there. The loop stands
# here, as the call of a function would cost as much as what is measured.
print_events() {
    local events=$((calls * 50)) start end event
    start=${EPOCHREALTIME/./}
    for ((event = 0; event < events; event++)); do
        printf '{"command":"make all","duration_ms":%d,"success":true}\n' "$event" 1<>"$2"
    done
    end=${EPOCHREALTIME/./}
    sample "$1.call" "$(awk -v n="$events" -v t="$((end - start))" 'BEGIN { printf "%.3f", t / n }')"
}

insert_with_sqlite() {
    sqlite3 "$work/oneshot.db" "PRAGMA synchronous = NORMAL; INSERT INTO events (session_id, event_type, command, success)
        VALUES ('s', 'command', 'make', 1)"
}

record_rows() {
    local us=(--unit µs) shown=(--unit µs --chart record)
    chart record "Recording one event from a script" "microseconds a call, with the start of a process where there is one; less is better"
    row "printf into the service's pipe" --of pipe.call "${shown[@]}" --ours
    row "printf to /dev/null" --of null.call "${us[@]}"
    row "/bin/true" --of true.call "${shown[@]}"
    row "nexus-record" --of lean.call "${shown[@]}" --ours
    row "logger" --of logger.call "${shown[@]}"
    row "nexus exec -- /bin/true" --of exec.call "${shown[@]}" --ours
    row "sqlite3, one INSERT" --of sqlite.call "${shown[@]}"
    row "NexusTelemetry.record" --of library --unit ns
    row "write(2) of 200 bytes" --of write --unit ns
    row "socket, batches of 100, acknowledged" --of socket --unit events/s
    row "raw echo of the same bytes, batches of 100" --of echo --unit events/s
    row "nexus-record / logger" --of lean.call --over logger.call --at-most 0.8
    row "nexus-record / true" --of lean.call --over true.call --at-most 2
    row "printf into the pipe / to /dev/null" --of pipe.call --over null.call --at-most 1.3
    row "NexusTelemetry.record / write(2)" --of library --over write --at-most 0.25
    row "(exec true − true) / nexus-record" --of exec.call --minus true.call --over lean.call --at-most 4
    row "socket / raw echo" --of socket --over echo
}
