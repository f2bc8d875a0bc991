# shellcheck shell=bash
# The programs that are measured, and the service of them.

service=

# Builds what shows the results: seconds, as it depends on nothing.
require_report() {
    local flags=(--package-path "$repository/Benchmarks/Report")
    swift build "${flags[@]}" >&2 || fail "the build of the report failed: the messages above say where."
    report=$(swift build "${flags[@]}" --show-bin-path)/BenchmarkReport
}

# Nexus as `Scripts/install` leaves it, first on the PATH, and the generator of events.
require_nexus() {
    local prefix=$repository/.build/bench
    build_release >&2
    build_recorder >&2
    install_programs "$prefix"
    export PATH="$prefix/bin:$programs:$PATH"
    unset NEXUS_TELEMETRY DO_NOT_TRACK NEXUS_SESSION NEXUS_DATA_DIR
}

# Builds a program of the package in Benchmarks, and says where it is.
require_benchmark() {
    local flags=(--package-path "$repository/Benchmarks" --configuration release --product "$1")
    say "Building $1" >&2
    swift build "${flags[@]}" >&2 || fail "the build failed: the messages above say where."
    benchmark=$(swift build "${flags[@]}" --show-bin-path)/$1
}

start_service() {
    mkdir -p "$1"
    NEXUS_DATA_DIR=$1 nexus serve 2>/dev/null &
    service=$!
    until [ -e "$1/pid" ]; do sleep 0.05; done
}

stop_service() {
    kill "$service"
    wait "$service" || true
    service=
}

# Waits until everything that the service took is stored, so that it does not do so at the next one's cost.
await_stored() {
    until NEXUS_DATA_DIR=$1 nexus telemetry status --json | grep -q '"pending": *0\b'; do sleep 0.05; done
}

# Ends what the section started, and removes its folder.
clean_up() {
    local process
    for process in $service $echo_server $clickhouse; do kill "$process" 2>/dev/null || true; done
    wait
    rm -rf "$work"
}
