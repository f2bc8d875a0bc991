# shellcheck shell=bash
# What the shell's hook adds to a line typed in bash, with the service and without it, beside what /bin/true adds.

bench_hook() {
    local lines=${1:-200} runs=${2:-9} run plain took
    begin hook "The hook in bash" "$runs rounds of $lines lines of each in turn"
    require_installed
    : >"$work/plain.bash"
    # shellcheck disable=SC2016 # for the shell that reads it
    echo 'eval "$(nexus init bash)"' >"$work/hook.bash"
    start_service "$work/served"
    for ((run = 0; run < runs; run++)); do
        type_lines plain "$work/plain.bash" :
        plain=$took
        type_lines program "$work/plain.bash" /bin/true
        sample program-added "$(awk -v all="$took" -v plain="$plain" 'BEGIN { printf "%.4f", all - plain }')"
        NEXUS_DATA_DIR=$work/served type_lines served "$work/hook.bash" :
        NEXUS_DATA_DIR=$work/alone type_lines alone "$work/hook.bash" :
    done
    stop_service
    require_recorded "$work/served" $((lines * runs))
    require_recorded "$work/alone" $((lines * runs))
    row "a line without the hook" --of plain --unit ms
    row "with it, service running" --of served --unit ms
    row "with it, no service" --of alone --unit ms
    row "added, service running" --of served --minus plain --unit ms
    row "added, no service" --of alone --minus plain --unit ms
    row "added by /bin/true" --of program-added --unit ms
    row "added, service running / by /bin/true" --of served --minus plain --over program-added --at-most 0.4
    row "added, no service / by /bin/true" --of alone --minus plain --over program-added --at-most 2
    finish
}

# type_lines SERIES FILE LINE: has a bash with this start file read the line again and again, as fast as it can, and adds the
# milliseconds that each took, from the shell's first prompt to its last; leaves them in $took as well. The shell is an
# interactive one, but no terminal is between, which takes ten times as long as the hook to pass a line on.
type_lines() {
    local start=$2 line user=''
    rm -f "$work/took"
    # shellcheck disable=SC2016 # for the shell that reads it
    {
        printf 'begun=$EPOCHREALTIME\n'
        for ((line = 0; line < lines; line++)); do echo "$3"; done
        printf 'echo "$begun $EPOCHREALTIME" >"%s"; exit\n' "$work/took"
    } >"$work/lines"
    # For root the hook never uses the service, so root is made an ordinary user.
    [ "$(id -u)" -ne 0 ] || user='unshare --user --map-user=1000 --map-group=1000 --'
    # shellcheck disable=SC2086 # words
    HOME=$work $user bash --noediting --rcfile "$start" -i <"$work/lines" >"$work/shown" 2>&1
    [ -s "$work/took" ] || fail "bash did not run what was typed."
    took=$(awk -v lines="$lines" '{ printf "%.4f", ($2 - $1) * 1000 / lines }' "$work/took")
    sample "$1" "$took"
}
