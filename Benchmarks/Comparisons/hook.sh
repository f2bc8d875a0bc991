# shellcheck shell=bash
# What the shell's hook adds to a line typed in bash, with the service and without it.

bench_hook() {
    local lines=${1:-200} runs=${2:-9} run
    begin hook "The hook in bash" "$runs rounds of $lines lines of each in turn"
    require_installed
    require_packages bsdutils
    : >"$work/plain.bash"
    # shellcheck disable=SC2016 # for the shell that reads it
    echo 'eval "$(nexus init bash)"' >"$work/hook.bash"
    start_service "$work/served"
    for ((run = 0; run < runs; run++)); do
        type_lines plain "$work/plain.bash"
        NEXUS_DATA_DIR=$work/served type_lines served "$work/hook.bash"
        NEXUS_DATA_DIR=$work/alone type_lines alone "$work/hook.bash"
    done
    stop_service
    require_recorded "$work/served" $((lines * runs))
    require_recorded "$work/alone" $((lines * runs))
    row "a line without the hook" --of plain --unit ms
    row "with it, service running" --of served --unit ms
    row "with it, no service" --of alone --unit ms
    row "added, service running" --of served --minus plain --unit ms --at-most 1
    row "added, no service" --of alone --minus plain --unit ms --at-most 3
    finish
}

# type_lines SERIES FILE: types commands that do nothing into a bash on a terminal of its own, with this start file; adds the
# milliseconds a line took, from the shell's first prompt to its last. A bash that reads its lines at once has no typist to wait for.
type_lines() {
    local start=$2 line user=''
    rm -f "$work/took"
    # shellcheck disable=SC2016 # for the shell that reads it
    {
        printf 'begun=$EPOCHREALTIME\n'
        for ((line = 0; line < lines; line++)); do echo :; done
        printf 'echo "$begun $EPOCHREALTIME" >"%s"; exit\n' "$work/took"
    } >"$work/lines"
    # For root the hook never uses the service, so root is made an ordinary user.
    [ "$(id -u)" -ne 0 ] || user='unshare --user --map-user=1000 --map-group=1000 --'
    HOME=$work PATH=$PATH script -qec "$user bash --noediting --rcfile $start -i" /dev/null <"$work/lines" >/dev/null
    [ -s "$work/took" ] || fail "bash did not run what was typed."
    sample "$1" "$(awk -v lines="$lines" '{ printf "%.4f", ($2 - $1) * 1000 / lines }' "$work/took")"
}
