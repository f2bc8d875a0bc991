# shellcheck shell=bash
# The programs that are measured, and the service of them.

service=

# Builds what shows the results: seconds, as it depends on nothing.
require_report() {
    local flags=(--package-path "$repository/Benchmarks/Report")
    swift build "${flags[@]}" >&2 || fail "the build of the report failed: see the messages above."
    report=$(swift build "${flags[@]}" --show-bin-path)/BenchmarkReport
}

# Nexus and the generator of events, first on the PATH.
require_nexus() {
    unset NEXUS_TELEMETRY DO_NOT_TRACK NEXUS_SESSION NEXUS_DATA_DIR
    if [ -n "$given" ]; then
        export PATH="$given:$PATH"
        return
    fi
    build_release nexus nexus-fixtures >&2
    export PATH="$programs:$PATH"
}

# Nexus as `Scripts/install` leaves it, for what lives by how fast a program starts.
require_installed() {
    local prefix=$repository/.build/bench
    [ -z "$given" ] || return 0
    build_recorder >&2
    install_programs "$prefix"
    export PATH="$prefix/bin:$PATH"
}

# Builds a program of the package in Benchmarks, and says where it is.
require_benchmark() {
    local flags=(--package-path "$repository" --scratch-path "$repository/.build/benchmarks" --configuration release --product "$1")
    export NEXUS_BUILD=benchmarks
    say "Building $1" >&2
    swift build "${flags[@]}" >&2 || fail "the build failed: see the messages above."
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
    local try
    for ((try = 0; try < 400; try++)); do
        if NEXUS_DATA_DIR=$1 nexus telemetry status --json | grep -q '"pending" *: *0\b'; then return; fi
        sleep 0.05
    done
    fail "the service does not store what it took."
}

# Ends what the section started, and removes its folder.
clean_up() {
    local process
    # What runs as long as there is this file ends with it.
    rm -f "$work/exporting"
    for process in $service $echo_server $clickhouse; do kill "$process" 2>/dev/null || true; done
    wait
    rm -rf "$work"
}
