# shellcheck shell=bash
# Measuring, and writing down what was measured. A section declares its rows once (see Report/Sources/RowDefinition.swift);
# the table, the JSON, RESULTS.md and the charts are all made from that.
#
# Variables of these files: `work` is the folder of the section under way, `quick` is set in a quick run.

# begin NAME TITLE SIZES: starts a section, in a folder of its own.
begin() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/nexus-bench.XXXXXX")
    # Where nothing says that recording is off, as a file of the folder that this is called from might.
    cd "$work" || fail "there is no $work."
    mkdir "$work/series"
    say "$2: $3" >&2
    state name "$1"
    state title "$2"
    state sizes "$3"
    state quick "${quick:-no}"
    state date "$(date -u '+%F %H:%M UTC')"
    state commit "$(commit)"
    state machine Processor "$(nproc) × $(sed -n 's/^model name[[:space:]]*: *//p' /proc/cpuinfo | head -n 1)"
    state machine Memory "$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)"
    state machine System "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release), Linux $(uname -r)"
    state machine "File system" "$(findmnt --noheadings --output FSTYPE --target "$work")"
    state machine Swift "$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p')"
    state machine SQLite "$(sqlite3 --version | cut -d ' ' -f 1)"
}

# What is measured: a commit, and whether the sources are no longer those of it.
commit() {
    local changed
    if [ -n "$given" ]; then
        echo "other programs"
        return
    fi
    changed=$(git -C "$repository" status --porcelain -- Sources Package.swift)
    echo "$(git -C "$repository" rev-parse --short HEAD)${changed:+ with changes}"
}

# Writes a statement down, its words set apart by tabs.
state() {
    local IFS=$'\t'
    echo "$*" >>"$work/section"
}

row() { state row "$@"; }

chart() { state chart "$@"; }

version() { state version "$@"; }

# sample SERIES NUMBER: the number of one more round.
sample() { echo "$2" >>"$work/series/$1"; }

# Whether anything was measured as this.
measured() { [ -e "$work/series/$1" ]; }

# Shows the section, and keeps it where that is wanted.
finish() {
    local flags=()
    [ -z "$json" ] || flags+=(--json)
    [ -z "$keep" ] || flags+=(--keep "$repository/Benchmarks")
    "$report" "$work" "${flags[@]}"
}

# Microseconds as seconds.
seconds() { printf '%d.%06d' $(($1 / 1000000)) $(($1 % 1000000)); }

# measure SERIES COMMAND…: adds wall seconds to SERIES.wall, processor seconds to SERIES.cpu, peak memory in MiB to
# SERIES.memory. Earlier writes are flushed first, so that no series pays for another.
measure() {
    local name=$1 start end user system memory
    shift
    sync --file-system "$work"
    start=${EPOCHREALTIME/./}
    /usr/bin/time --quiet -f '%U %S %M' -o "$work/time" "$@" >"$work/out" 2>"$work/err" ||
        fail "'$*' failed: $(cat "$work/err")"
    end=${EPOCHREALTIME/./}
    read -r user system memory <"$work/time"
    sample "$name.wall" "$(seconds $((end - start)))"
    sample "$name.cpu" "$(awk -v u="$user" -v s="$system" 'BEGIN { print u + s }')"
    sample "$name.memory" "$(awk -v m="$memory" 'BEGIN { print m / 1024 }')"
}

# per_call SERIES CALLS COMMAND…: adds the mean wall microseconds of a call to SERIES.call.
per_call() {
    local name=$1 calls=$2 start end call
    shift 2
    start=${EPOCHREALTIME/./}
    for ((call = 0; call < calls; call++)); do "$@" >/dev/null 2>&1 || [ "$1" = logger ] || fail "'$*' failed."; done
    end=${EPOCHREALTIME/./}
    sample "$name.call" "$(awk -v n="$calls" -v t="$((end - start))" 'BEGIN { printf "%.3f", t / n }')"
}

# require_recorded FOLDER EVENTS: what records nothing is quick, and proves nothing.
require_recorded() {
    local accepted
    accepted=$(NEXUS_DATA_DIR=$1 nexus telemetry status --json | sed -n 's/^ *"accepted" *: *\([0-9]*\).*/\1/p')
    [ "${accepted:-0}" -ge "$2" ] || fail "of $2 events only ${accepted:-0} were recorded."
}

# The number that so many of a hundred lines of a file do not exceed.
percentile() { sort -g "$2" | awk -v p="$1" '{ v[NR] = $1 } END { print v[int((NR * p + 99) / 100)] }'; }
